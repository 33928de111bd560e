"""The mean-only WaveNet coupling of VITS' flow (arXiv 2106.06103, sections 2.5.2 and 2.1.3)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from hiervox.modules.convolutions.wavenet import WaveNet, WaveNetSizes
from hiervox.modules.flows.coupling_flow import CouplingFlow


class WaveNetCoupling(nn.Module):
    """Shifts the second half of the channels by what a WaveNet makes of the first.

    Args:
        channels: even.
        sizes: of the WaveNet.
        style_channels: of the style vector; 0 where there is none.

    Raises:
        ValueError: channels are odd.
    """

    def __init__(self, channels: int, sizes: WaveNetSizes, *, style_channels: int = 0) -> None:
        super().__init__()
        if channels % 2:
            raise ValueError(f"channels must be even, not {channels}")
        self.input = nn.Conv1d(channels // 2, sizes.hidden_channels, 1)
        self.stack = WaveNet(sizes, condition_channels=style_channels)
        self.shift = nn.Conv1d(sizes.hidden_channels, channels // 2, 1)
        nn.init.zeros_(self.shift.weight)
        assert self.shift.bias is not None
        nn.init.zeros_(self.shift.bias)

    def forward(self, z: Tensor, mask: Tensor, style: Tensor | None = None, reverse: bool = False) -> Tensor:
        """(B, channels, T), mask (B, 1, T), style (B, S, 1) → (B, channels, T)."""
        kept, moved = z.chunk(2, dim=1)
        shift = self.shift(self.stack(self.input(kept) * mask, mask, style)) * mask
        moved = (moved - shift) * mask if reverse else moved * mask + shift
        return torch.cat([kept, moved], dim=1)


def wavenet_flow(
    sizes: WaveNetSizes, *, channels: int, n_couplings: int, style_channels: int = 0
) -> CouplingFlow:
    """VITS' flow, between two latents.

    Args:
        sizes: of the WaveNet of each coupling.
        channels: of the latent, even.
        n_couplings: couplings; after each the channels are reversed.
        style_channels: of the style vector; 0 where there is none.
    """
    return CouplingFlow(
        WaveNetCoupling(channels, sizes, style_channels=style_channels) for _ in range(n_couplings)
    )

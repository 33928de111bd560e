"""Normalising flow of mean-only WaveNet couplings (VITS, arXiv 2106.06103, sections 2.5.2 and 2.1.3)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from hiervox.modules.convolutions.wavenet import WaveNet
from hiervox.modules.flows.couplings import run_couplings


class WaveNetCoupling(nn.Module):
    """Shifts the second half of the channels by what a WaveNet makes of the first.

    Args:
        channels: even.
        hidden_channels, kernel_size, n_layers, style_channels: of the WaveNet.
    """

    def __init__(
        self, channels: int, hidden_channels: int, kernel_size: int, n_layers: int, style_channels: int
    ) -> None:
        super().__init__()
        self.input = nn.Conv1d(channels // 2, hidden_channels, 1)
        self.stack = WaveNet(hidden_channels, kernel_size, 1, n_layers, style_channels)
        self.shift = nn.Conv1d(hidden_channels, channels // 2, 1)
        nn.init.zeros_(self.shift.weight)
        assert self.shift.bias is not None
        nn.init.zeros_(self.shift.bias)

    def forward(self, z: Tensor, mask: Tensor, style: Tensor | None = None, reverse: bool = False) -> Tensor:
        """(B, channels, T), mask (B, 1, T), style (B, S, 1) → (B, channels, T)."""
        kept, moved = z.chunk(2, dim=1)
        shift = self.shift(self.stack(self.input(kept) * mask, mask, style)) * mask
        moved = (moved - shift) * mask if reverse else moved * mask + shift
        return torch.cat([kept, moved], dim=1)


class WaveNetFlow(nn.Module):
    """A volume-preserving flow: couplings, the channels reversed after each.

    Args:
        channels: of the latent, even.
        hidden_channels, kernel_size, n_layers: of the WaveNet of each coupling.
        style_channels: of the style vector; 0 where there is none.
        n_couplings: number of couplings.
    """

    def __init__(
        self,
        channels: int,
        hidden_channels: int,
        kernel_size: int = 5,
        n_layers: int = 4,
        style_channels: int = 0,
        n_couplings: int = 4,
    ) -> None:
        super().__init__()
        if channels % 2:
            raise ValueError(f"channels must be even, not {channels}")
        self.couplings = nn.ModuleList(
            WaveNetCoupling(channels, hidden_channels, kernel_size, n_layers, style_channels)
            for _ in range(n_couplings)
        )

    def forward(self, z: Tensor, mask: Tensor, style: Tensor | None = None, reverse: bool = False) -> Tensor:
        """Map a latent forward, or back. The log-determinant is 0 in both directions.

        Args:
            z: (B, channels, T), zero where `mask` is.
            mask: (B, 1, T).
            style: (B, style_channels, 1), or None.
            reverse: the inverse map.

        Returns:
            (B, channels, T), masked.
        """
        return run_couplings(self.couplings, z, mask, style, reverse)

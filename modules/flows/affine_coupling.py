"""Affine couplings whose scale and offset a WaveNet computes (WaveGlow, arXiv 1811.00002, section 2.1)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import weight_norm

from hiervox.modules.convolutions.wavenet import WaveNet, WaveNetSizes

SIGMOID_SHIFT, SIGMOID_FLOOR = 2.0, 1e-6  # of bounded scales: the published Glow-TTS code


class CouplingNetwork(nn.Module):
    """Half of the channels, and a condition, to offsets and log scales of the other half.

    Args:
        inputs: channels of a half.
        sizes: of the WaveNet.
        dilation_rate, condition_channels, dropout: see `WaveNet`.
    """

    def __init__(
        self,
        inputs: int,
        sizes: WaveNetSizes,
        *,
        dilation_rate: int = 1,
        condition_channels: int = 0,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.input = weight_norm(nn.Conv1d(inputs, sizes.hidden_channels, 1))
        self.wavenet = WaveNet(
            sizes, dilation_rate=dilation_rate, condition_channels=condition_channels, dropout=dropout
        )
        self.output = nn.Conv1d(sizes.hidden_channels, 2 * inputs, 1)
        nn.init.zeros_(self.output.weight)  # the coupling does nothing at first
        assert self.output.bias is not None
        nn.init.zeros_(self.output.bias)

    def forward(self, x: Tensor, mask: Tensor, condition: Tensor | None) -> tuple[Tensor, Tensor]:
        """x (B, inputs, T), mask (B, 1, T), condition (B, C, 1 or T) → offset and log scale of x's shape."""
        hidden = self.wavenet(self.input(x) * mask, mask, condition)
        offset, log_scale = self.output(hidden).chunk(2, dim=1)
        return offset, log_scale


class AffineCoupling(nn.Module):
    """Scales and shifts the second half of the channels by what a network makes of the first.

    Args:
        network: of the scales and offsets.
        bounded: whether scales go through a sigmoid and so stay under 1.
    """

    def __init__(self, network: CouplingNetwork, bounded: bool = False) -> None:
        super().__init__()
        self.network = network
        self.bounded = bounded

    def forward(self, x: Tensor, mask: Tensor, condition: Tensor | None) -> tuple[Tensor, Tensor]:
        """(B, C, T), mask (B, 1, T) → (B, C, T) and the log-determinant (B,)."""
        kept, changed = x.chunk(2, dim=1)
        offset, log_scale = self._terms(kept, mask, condition)
        changed = (offset + log_scale.exp() * changed) * mask
        return torch.cat([kept, changed], dim=1), (log_scale.float() * mask).sum(dim=(1, 2))

    def inverse(self, x: Tensor, mask: Tensor, condition: Tensor | None) -> Tensor:
        """(B, C, T), mask (B, 1, T) → (B, C, T)."""
        kept, changed = x.chunk(2, dim=1)
        offset, log_scale = self._terms(kept, mask, condition)
        return torch.cat([kept, (changed - offset) * (-log_scale).exp() * mask], dim=1)

    def _terms(self, kept: Tensor, mask: Tensor, condition: Tensor | None) -> tuple[Tensor, Tensor]:
        offset, log_scale = self.network(kept, mask, condition)
        if self.bounded:
            log_scale = torch.log(SIGMOID_FLOOR + torch.sigmoid(log_scale + SIGMOID_SHIFT))
        return offset, log_scale

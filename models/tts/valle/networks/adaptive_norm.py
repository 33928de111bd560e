"""Layer normalisation whose scale and shift follow from a condition."""

from __future__ import annotations

from torch import Tensor, nn


class AdaptiveLayerNorm(nn.Module):
    """scale · norm(x) + shift, both linear in a condition (VALL-E, arXiv 2301.02111, section 4.2.2).

    Args:
        channels: of the sequence.
        condition_channels: of the condition.
    """

    def __init__(self, channels: int, condition_channels: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(channels)
        self.projection = nn.Linear(condition_channels, 2 * channels)

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        """(B, T, channels) and (1 or B, 1, condition_channels) → (B, T, channels)."""
        scale, shift = self.projection(condition).chunk(2, dim=-1)
        return scale * self.norm(x) + shift

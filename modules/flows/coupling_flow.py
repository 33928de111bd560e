"""A volume-preserving flow of coupling layers (VITS, arXiv 2106.06103, section 2.5.2)."""

from __future__ import annotations

from collections.abc import Iterable

from torch import Tensor, nn


class CouplingFlow(nn.Module):
    """Couplings in a row, the channels reversed after each; the log-determinant is 0 in both directions.

    Args:
        couplings: each maps (z, mask, condition) of an even number of channels, and with `reverse=True` back.
        condition: style (B, style_channels, 1) → what the couplings take for it; None for the style itself.
    """

    def __init__(self, couplings: Iterable[nn.Module], *, condition: nn.Module | None = None) -> None:
        super().__init__()
        self.condition = condition
        self.couplings = nn.ModuleList(couplings)

    def forward(self, z: Tensor, mask: Tensor, style: Tensor | None = None, reverse: bool = False) -> Tensor:
        """Map a latent forward, or back.

        Args:
            z: (B, channels, T), zero where `mask` is.
            mask: (B, 1, T).
            style: (B, style_channels, 1), or None.
            reverse: the inverse map.

        Returns:
            (B, channels, T), masked.
        """
        condition = style if style is None or self.condition is None else self.condition(style)
        if reverse:
            for coupling in reversed(self.couplings):
                z = coupling(z.flip(1), mask, condition, reverse=True)
            return z
        for coupling in self.couplings:
            z = coupling(z, mask, condition).flip(1)
        return z

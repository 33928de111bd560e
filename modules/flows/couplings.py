"""Coupling layers in a row, with the channels turned round between them."""

from __future__ import annotations

from torch import Tensor, nn


def run_couplings(
    couplings: nn.ModuleList, z: Tensor, mask: Tensor, condition: Tensor | None, reverse: bool
) -> Tensor:
    """Map a latent through all couplings, or back.

    Args:
        couplings: each maps (z, mask, condition), and with `reverse=True` back.
        z: (B, channels, T).
        mask: (B, 1, T).
        condition: as the couplings take it.
        reverse: the inverse map.

    Returns:
        (B, channels, T)
    """
    if reverse:
        for coupling in reversed(couplings):
            z = coupling(z.flip(1), mask, condition, reverse=True)
        return z
    for coupling in couplings:
        z = coupling(z, mask, condition).flip(1)
    return z

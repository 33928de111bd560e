"""The stochastic duration predictor's loss."""

from __future__ import annotations

from torch import Tensor

from hiervox.modules.losses.counts import real_count


def duration_nll(negative_bound: Tensor, token_mask: Tensor) -> Tensor:
    """Negative variational bound of the durations per token (VITS, arXiv 2106.06103, section 2.2.2).

    Args:
        negative_bound: (B,) as `StochasticDurationPredictor` gives it, summed over an item's tokens.
        token_mask: (B, 1, L).
    """
    return negative_bound.sum() / real_count(token_mask)

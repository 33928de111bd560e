"""Cross-entropy of token sequences."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F

from hiervox.modules.losses.counts import real_count


def token_cross_entropy(logits: Tensor, targets: Tensor, mask: Tensor) -> Tensor:
    """Negative log-likelihood per token.

    Args:
        logits: (B, T, V).
        targets: (B, T); any valid id in padding.
        mask: (B, 1, T).
    """
    losses = F.cross_entropy(logits.float().mT, targets, reduction="none")
    return (losses * mask.squeeze(1)).sum() / real_count(mask)


def top_accuracy(logits: Tensor, targets: Tensor, mask: Tensor, k: int = 10) -> Tensor:
    """Share of tokens that are among the `k` most likely; arguments as of `token_cross_entropy`."""
    hits = (logits.topk(min(k, logits.shape[-1])).indices == targets.unsqueeze(-1)).any(-1)
    return (hits * mask.squeeze(1)).sum() / real_count(mask)

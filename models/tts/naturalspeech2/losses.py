"""Losses of NaturalSpeech 2: masked means of absolute errors, and a cross-entropy of codes."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F

from hiervox.modules.losses.counts import real_count


def masked_mean(values: Tensor, mask: Tensor) -> Tensor:
    """Mean of (B, T) where the mask (B, 1, T) is 1, in float32; 0 where it never is."""
    return (values.float() * mask.squeeze(1)).sum() / real_count(mask)


def code_cross_entropy(distances: Tensor, codes: Tensor, mask: Tensor) -> Tensor:
    """Cross-entropy of codes whose logits are minus squared distances (arXiv 2304.09116, equation 7).

    Args:
        distances: (B, Q, T, K), of a predicted latent to all entries.
        codes: (B, Q, T), of the true latent.
        mask: (B, 1, T).
    """
    entropy = F.cross_entropy(-distances.float().movedim(-1, 1), codes, reduction="none")
    return masked_mean(entropy.mean(1), mask)

"""Reconstruction terms of the text-to-vec model (HierSpeech++, arXiv 2311.12454, section 3.3)."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F


def semantic_l1(predicted: Tensor, target: Tensor) -> Tensor:
    """Mean absolute error of semantic vectors, over padding too.

    The authors found that masking the padding made pauses worse (their note of 2024-02-20).

    Args:
        predicted, target: (B, C, T).
    """
    return F.l1_loss(predicted.float(), target.float())

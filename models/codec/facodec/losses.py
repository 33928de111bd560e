"""What FACodec's heads learn from, and by which losses (the published training)."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional as F

from hiervox.models.codec.facodec.networks.predictors import HeadName, is_reversed, target_of

UNVOICED = -10.0
"""The target of a frame without F0, far from any normalised one: most of the term tells voiced frames."""
FOCUS = 2
"""The focal exponent of the phones' term."""


def normalised_log_f0(f0: Tensor) -> Tensor:
    """log2 F0 at mean 0 and deviation 1 of each segment's voiced frames, `UNVOICED` elsewhere.

    Args:
        f0: (B, N) in Hz, 0 where unvoiced. A segment with fewer than two voiced frames, or with one pitch
            only, has none that could be normalised.
    """
    voiced = f0 > 0
    count = voiced.sum(1, keepdim=True)
    logarithm = torch.where(voiced, f0, 1.0).log2()
    mean = (logarithm * voiced).sum(1, keepdim=True) / count.clamp_min(1)
    square = ((logarithm - mean).square() * voiced).sum(1, keepdim=True)
    deviation = (square / (count - 1).clamp_min(1)).sqrt()
    usable = voiced & (count > 1) & (deviation > 0)
    return torch.where(usable, (logarithm - mean) / deviation.clamp_min(1e-12), UNVOICED)


def frame_energy(log_mel: Tensor) -> Tensor:
    """Logarithm of the norm over mel bins of the powers whose logarithms are given: (B, M, N) → (B, N)."""
    return 0.5 * torch.logsumexp(2 * log_mel, dim=1)


def focal_cross_entropy(logits: Tensor, classes: Tensor) -> Tensor:
    """Focal loss of frames (arXiv 1708.02002), as published: of the mean cross-entropy, not of each frame's.

    Args:
        logits: (B, N, K).
        classes: (B, N).
    """
    entropy = F.cross_entropy(logits.flatten(0, 1).float(), classes.flatten())
    return (1 - torch.exp(-entropy)) ** FOCUS * entropy


def head_losses(
    said: Mapping[HeadName, Tensor], f0: Tensor, energy: Tensor, phones: Tensor, speakers: Tensor
) -> dict[str, Tensor]:
    """Losses of the heads, the reversed ones' beside the others'.

    Args:
        said: what heads predict, see `AttributePredictors`.
        f0, energy: (B, N), as `normalised_log_f0` and `frame_energy` give them.
        phones: (B, N), classes.
        speakers: (B,), classes.

    Returns:
        `f0`, `energy`, `phone` and `speaker`, and the same as `reversed_…`, each the sum over its heads.
    """
    losses: dict[str, Tensor] = {}
    for head, value in said.items():
        prefix = "reversed_" if is_reversed(head) else ""
        target = target_of(head)
        if target == "pitch":
            own = {
                "f0": F.smooth_l1_loss(value[..., 0].float(), f0),
                "energy": F.smooth_l1_loss(value[..., 1].float(), energy),
            }
        elif target == "phone":
            own = {"phone": focal_cross_entropy(value, phones)}
        else:
            own = {"speaker": F.cross_entropy(value.float(), speakers)}
        for name, loss in own.items():
            term = prefix + name
            losses[term] = losses[term] + loss if term in losses else loss
    return losses

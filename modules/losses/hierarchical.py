"""Terms that only the hierarchical synthesizer has (HierSpeech++, arXiv 2311.12454, section 3.2)."""

from __future__ import annotations

from torch import Tensor


def prosody_l1(predicted: Tensor, mel: Tensor, mask: Tensor) -> Tensor:
    """Mean absolute error of the lowest mel bins over real frames, in float32.

    Args:
        predicted: (B, P, N), as a prosody decoder gives them.
        mel: (B, M, N) with M at least P; the lowest P bins are the target.
        mask: (B, 1, N).
    """
    mask = mask.float()
    error = (predicted.float() - mel[:, : predicted.shape[1]].float()).abs() * mask
    return error.sum() / (mask.sum() * predicted.shape[1]).clamp_min(1)

"""Terms that only the hierarchical synthesizer has (HierSpeech++, arXiv 2311.12454, section 3.2)."""

from __future__ import annotations

from torch import Tensor

from hiervox.modules.losses.reconstruction import masked_l1


def prosody_l1(predicted: Tensor, mel: Tensor, mask: Tensor) -> Tensor:
    """Mean absolute error of the lowest mel bins over real frames, in float32.

    Args:
        predicted: (B, P, N), as a prosody decoder gives them.
        mel: (B, M, N) with M at least P; the lowest P bins are the target.
        mask: (B, 1, N).
    """
    return masked_l1(predicted, mel[:, : predicted.shape[1]], mask)

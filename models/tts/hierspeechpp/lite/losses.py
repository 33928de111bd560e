"""How far sound is from what it should be, as networks encode it that were trained for something else."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

from hiervox.modules.losses.counts import real_count


def speaker_distance(made: Tensor, wanted: Tensor) -> Tensor:
    """One less the cosine of two speaker embeddings, averaged (YourTTS, arXiv 2112.02418, section 2.4).

    Args:
        made, wanted: (B, C).
    """
    return 1 - functional.cosine_similarity(made.float(), wanted.float()).mean()


def standardized_l1(made: Tensor, wanted: Tensor, mask: Tensor) -> Tensor:
    """Mean absolute difference of hidden states in deviations of each channel of `wanted`.

    Channels of a network differ in size by more than tenfold, and the largest say little.

    Args:
        made, wanted: (B, C, N).
        mask: (B, 1, N), of the frames that count.
    """
    made, wanted, mask = made.float(), wanted.float(), mask.float()
    frames = mask.sum().clamp_min(1)
    mean = (wanted * mask).sum((0, 2), keepdim=True) / frames
    deviation = (((wanted - mean) * mask).square().sum((0, 2), keepdim=True) / frames).sqrt()
    error = (made - wanted).abs() * mask / deviation.clamp_min(1e-5)
    return error.sum() / (real_count(mask) * wanted.shape[1])

"""A voice: what a system's networks take from prompts, kept apart from them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from hiervox.models.base.pipelines.pitch_transfer import PitchStatistics
from hiervox.utils.errors import ConfigError


@dataclass(frozen=True)
class Voice:
    """Whom to speak like.

    Attributes:
        tensors: by the system's own names, on the CPU: style vectors, a speaker's number, an acoustic prompt.
        model: fingerprint of the networks that the tensors belong to.
        peak: of the prompt, full scale at 1.
        pitch: of the prompt; None where it has no voiced frame, or where nobody looked.
    """

    tensors: Mapping[str, Tensor]
    model: str
    peak: float = 1.0
    pitch: PitchStatistics | None = None


def interpolated(
    tensors: Mapping[str, Tensor], others: Mapping[str, Tensor], share: float
) -> dict[str, Tensor]:
    """(1 - share) of the first, `share` of the second, by name; only names that both have."""
    return {name: tensor.lerp(others[name], share) for name, tensor in tensors.items() if name in others}


def mix_voices(voices: Sequence[Voice], weights: Sequence[float]) -> Voice:
    """The weighted mean of voices: of their tensors, their pitch and their peak.

    Args:
        voices: all of one model.
        weights: one each, none negative; only their proportions count.

    Raises:
        ConfigError: no voice, a wrong number of weights, unusable weights, voices of several models, or
            voices that are no vectors of one size.
    """
    if not voices or len(voices) != len(weights):
        raise ConfigError(
            f"{len(weights)} weights for {len(voices)} voices", "give one weight for each voice"
        )
    total = float(sum(weights))
    if not (np.isfinite(total) and total > 0 and min(weights) >= 0):
        raise ConfigError(
            f"weights {', '.join(f'{weight:g}' for weight in weights)} can't be mixed",
            "give numbers from 0, not all 0",
        )
    if len({voice.model for voice in voices}) > 1:
        raise ConfigError("the voices are of several models", "make them with one model")
    shares = [weight / total for weight in weights]
    voiced = [(voice.pitch, share) for voice, share in zip(voices, shares, strict=True) if voice.pitch]
    return Voice(
        _mixed_tensors([voice.tensors for voice in voices], shares),
        voices[0].model,
        sum(voice.peak * share for voice, share in zip(voices, shares, strict=True)),
        _mixed_pitch(voiced),
    )


def is_style(tensor: Tensor, size: int | None = None) -> bool:
    """Whether a tensor is a style vector (S, 1): finite float32, of `size` values where that is known."""
    fits = tensor.ndim == 2 and tensor.shape[1] == 1 and tensor.dtype == torch.float32
    return fits and size in (None, tensor.shape[0]) and bool(tensor.isfinite().all())


def _mixed_tensors(tensors: Sequence[Mapping[str, Tensor]], shares: Sequence[float]) -> dict[str, Tensor]:
    names = [name for name in tensors[0] if all(name in other for other in tensors)]
    for name in names:
        found = [each[name] for each in tensors]
        if not all(each.is_floating_point() and each.shape == found[0].shape for each in found):
            raise ConfigError("voices of this model can't be mixed", "name one of them")
    return {
        name: torch.stack([each[name] * share for each, share in zip(tensors, shares, strict=True)]).sum(0)
        for name in names
    }


def _mixed_pitch(voiced: Sequence[tuple[PitchStatistics, float]]) -> PitchStatistics | None:
    total = sum(share for _, share in voiced)
    if total == 0:
        return None
    return PitchStatistics(
        sum(pitch.mean * share for pitch, share in voiced) / total,
        sum(pitch.standard_deviation * share for pitch, share in voiced) / total,
    )


def fingerprint(weights: Mapping[str, Tensor], beginnings: tuple[str, ...]) -> str:
    """A digest of the weights whose names begin so: of what voices are made of."""
    digest = hashlib.sha256()
    for name, tensor in sorted(weights.items()):
        if name.startswith(beginnings):
            digest.update(name.encode())
            digest.update(tensor.cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()

"""Moving a pitch curve: shift, range, and the published floor."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor

from hiervox.models.base.pipelines.controls import PitchControls
from hiervox.models.base.pipelines.token_sequence import TokenSequence
from hiervox.processors.pitch import SEMITONES_PER_OCTAVE, F0Contour
from hiervox.utils.errors import ConfigError

LOWEST_LOG_F0 = math.log(55)
"""What is predicted under it counts as unvoiced; the published inference compares log(F0 + 1) with log 55."""
SEMITONE = math.log(2) / SEMITONES_PER_OCTAVE


def require_no_pitch(controls: PitchControls, f0: F0Contour | None = None) -> None:
    """Refuse controls and a curve that a model without F0 can't follow.

    Raises:
        ConfigError: such controls, or a curve.
    """
    if f0 is not None or controls.semitones or controls.pitch_range != 1:
        raise ConfigError(
            "the model has no pitch that can be set", "leave semitones, pitch range and the F0 curve out"
        )


class AskedPitch(NamedTuple):
    """What is asked of each token's pitch.

    Attributes:
        semitones: (L,) shifts.
        ranges: (L,) factors of the distance from the mean.
    """

    semitones: list[float]
    ranges: list[float]

    @property
    def neutral(self) -> bool:
        """Whether the pitch may stay as it is predicted."""
        return not any(self.semitones) and set(self.ranges) == {1.0}


def asked_pitch(sequence: TokenSequence, controls: PitchControls) -> AskedPitch:
    """What controls and markup ask of the tokens of a sequence."""
    return AskedPitch(
        [controls.semitones + own for own in sequence.semitones],
        [controls.pitch_range * own for own in sequence.pitch_ranges],
    )


def drop_low_pitch(log_f0: Tensor) -> Tensor:
    """Set log(F0 + 1) under log 55 to 0, unvoiced, as published; any shape."""
    return torch.where(log_f0 < LOWEST_LOG_F0, 0.0, log_f0)


def shape_pitch(log_f0: Tensor, semitones: Tensor | float = 0.0, pitch_range: Tensor | float = 1.0) -> Tensor:
    """Shift a pitch curve and scale how far it strays from its mean.

    Args:
        log_f0: (..., T), log(F0 + 1), 0 where unvoiced; the mean of log F0 is taken over each curve's
            voiced frames.
        semitones: shift, one for all or broadcast to (..., T).
        pitch_range: factor of the distance from the mean, likewise; 0 leaves the mean alone.

    Returns:
        (..., T), log(F0 + 1), 0 where `log_f0` is 0; where nothing is asked for, `log_f0` itself.
    """
    uniform = not isinstance(semitones, Tensor) and not isinstance(pitch_range, Tensor)
    if uniform and semitones == 0 and pitch_range == 1:
        return log_f0
    voiced = log_f0 > 0
    hz = torch.where(voiced, log_f0.expm1(), 1.0)
    height = torch.where(voiced, hz.log(), 0.0)
    mean = height.sum(-1, keepdim=True) / voiced.sum(-1, keepdim=True).clamp_min(1)
    moved = mean + (height - mean) * pitch_range + semitones * SEMITONE
    return torch.where(voiced, moved.exp().log1p(), 0.0)

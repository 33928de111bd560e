"""Whose pitch a converted voice speaks at."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from hiervox.models.base.pipelines.pitch_control import shape_pitch
from hiervox.processors.audio import SAMPLE_RATE, SILENCE_PEAK, Waveform
from hiervox.processors.pitch import F0Contour, PitchConfig, extract_f0
from hiervox.utils.errors import AudioError
from hiervox.utils.logging import get_logger

_log = get_logger("pipelines")


@dataclass(frozen=True)
class PitchStatistics:
    """Of the voiced frames of a recording.

    Attributes:
        mean, standard_deviation: of F0, Hz.
    """

    mean: float
    standard_deviation: float

    @classmethod
    def of(cls, f0: F0Contour) -> PitchStatistics | None:
        """Of F0 (T,) in Hz, 0 where unvoiced; None where no frame is voiced."""
        voiced = f0[f0 > 0].astype(np.float64)
        return cls(float(voiced.mean()), float(voiced.std())) if voiced.size else None


def track_pitch(recording: Waveform, config: PitchConfig, name: str) -> F0Contour:
    """F0 (T // 80,) in Hz of a 16 kHz recording (T,); where the tracker fails, unvoiced, with a warning.

    A tracker that fails mostly has been given what holds no voice.
    """
    unvoiced = np.zeros(round(recording.size / SAMPLE_RATE / config.hop_seconds), np.float32)
    if np.abs(recording).max(initial=0.0) < SILENCE_PEAK:
        return unvoiced
    try:
        return extract_f0(recording, SAMPLE_RATE, config, name)
    except AudioError as error:
        _log.warning("%s; it is taken as unvoiced", error.problem)
        return unvoiced


def match_pitch(log_f0: Tensor, wanted: PitchStatistics | None) -> Tensor:
    """A predicted F0 contour, shifted to the mean of a prompt's F0.

    A small model that learnt by absolute errors predicts near the mean of its training voices. The spread
    stays: a tracker's octave errors are a great part of what it finds in a prompt.

    Args:
        log_f0: (..., T), log(F0 + 1), 0 where unvoiced; one contour.
        wanted: the prompt's pitch; None, where it has no voiced frame, leaves the contour alone.

    Returns:
        (..., T), log(F0 + 1), 0 where `log_f0` is 0.
    """
    spoken = PitchStatistics.of(log_f0.expm1().cpu().numpy())
    if spoken is None or wanted is None:
        return log_f0
    return shape_pitch(log_f0, semitones=12 * math.log2(wanted.mean / spoken.mean))


def transfer_pitch(source: F0Contour, wanted: PitchStatistics | None) -> F0Contour:
    """The F0 contour of one recording at the pitch of another, as the published inference does.

    Voiced frames get the mean and the standard deviation (Hz) of the other's voiced frames. Where one of
    the two has no voiced frame there is nothing to go by: the source's F0 stays, and a warning says so.

    Args:
        source: (T,), F0 in Hz, 0 where unvoiced.
        wanted: the other's pitch; None where it has no voiced frame.

    Returns:
        F0 in Hz, as long as `source`; never negative, never NaN.
    """
    spoken = PitchStatistics.of(source)
    if spoken is None:
        _log.warning("the source has no voiced frame: it is converted without pitch")
        return source
    if wanted is None:
        _log.warning("the prompt has no voiced frame: the source's pitch stays")
        return source
    # one voiced frame, or a synthetic tone, has no standard deviation to divide by
    spread = spoken.standard_deviation or 1.0
    moved = (source - spoken.mean) / spread * wanted.standard_deviation + wanted.mean
    return np.where(source > 0, np.maximum(moved, 0), 0).astype(np.float32)

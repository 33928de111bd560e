"""Stages as a page holds them: pictures, sounds, figures of how they compare."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from hiervox.evaluation.metrics.f0 import compare_pitch
from hiervox.evaluation.report.media import sound_uri
from hiervox.models.base.pipelines.speech import drawn_mel
from hiervox.models.base.pipelines.trace import Sound, Stage
from hiervox.processors.audio import SAMPLE_RATE, resample, rms_dbfs
from hiervox.processors.pitch import F0Contour, PitchConfig, extract_f0, fit_length
from hiervox.processors.spectrogram import log_mel, mel_frequencies
from hiervox.utils.plots import (
    alignment_figure,
    curves_figure,
    matrix_figure,
    picture_uri,
    picture_uris,
    pitch_figure,
    spectrogram_figure,
)

MP3_RATES = (8000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)
PITCH = PitchConfig(method="dio")
RANGE = 80.0
"""Of the levels of a spectrogram that are told apart, dB."""


@dataclass(frozen=True)
class Spectrogram:
    """A picture's content.

    Attributes:
        values: (M, N), dB.
        seconds: that the frames last.
        bin_hz: (M,).
    """

    values: NDArray[np.floating]
    seconds: float
    bin_hz: NDArray[np.float64]

    @property
    def limits(self) -> tuple[float, float]:
        """The quietest and the loudest level that are told apart."""
        loudest = float(self.values.max())
        return loudest - RANGE, loudest

    def without(self, other: Spectrogram) -> Spectrogram | None:
        """This minus another, whose frames are stretched to this one's; None for other bins."""
        if len(self.values) != len(other.values):
            return None
        frames = self.values.shape[1]
        nearest = np.linspace(0, other.values.shape[1] - 1, frames).round().astype(int)
        floor = max(self.limits[0], other.limits[0])
        values = np.maximum(self.values, floor) - np.maximum(other.values[:, nearest], floor)
        return replace(self, values=values)


def drawn(spectrograms: Sequence[Spectrogram | None], signed: bool = False) -> list[str]:
    """Data URIs of their pictures, all with the colours of the last one; empty for None.

    Args:
        spectrograms: any.
        signed: whether they are differences.
    """
    there = [one for one in spectrograms if one is not None]
    if not there:
        return [""] * len(spectrograms)
    farthest = max(float(np.abs(one.values).max()) for one in there)
    limits = (-max(farthest, 1e-3), max(farthest, 1e-3)) if signed else there[-1].limits
    alike: dict[tuple[Any, ...], list[int]] = {}
    for number, one in enumerate(spectrograms):
        if one is not None:
            alike.setdefault((one.values.shape, one.seconds, one.bin_hz[-1]), []).append(number)
    pictures: dict[int, str] = {}
    for numbers in alike.values():
        own = [one for number in numbers if (one := spectrograms[number]) is not None]
        hop = own[0].seconds / own[0].values.shape[1]
        figure = spectrogram_figure(
            own[0].values, "", hop, own[0].bin_hz, decibels=1.0, limits=limits, signed=signed
        )
        pictures |= zip(numbers, picture_uris(figure, (one.values for one in own)), strict=True)
    return [pictures.get(number, "") for number in range(len(spectrograms))]


def spectrogram_of(sound: Sound) -> Spectrogram:
    """The log-mel spectrogram of a sound, up to half of its rate."""
    wav, rate = sound
    config = drawn_mel(rate)
    padded = np.pad(wav, (0, max(0, config.n_fft - wav.size))).astype(np.float32)
    values = config.decibels * log_mel(torch.from_numpy(padded)[None], config)[0].numpy()
    return Spectrogram(values, padded.size / rate, np.asarray(mel_frequencies(config)))


def spectrogram_of_stage(stage: Stage) -> Spectrogram | None:
    """What a stage's picture is a spectrogram of; None where it is none."""
    if stage.kind == "mel" and stage.array is not None and stage.bin_hz is not None:
        return Spectrogram(stage.decibels * stage.array, stage.seconds, stage.bin_hz)
    if stage.kind == "sound" and stage.sound is not None:
        return spectrogram_of(stage.sound)
    return None


def spectrogram_heard(stage: Stage) -> Spectrogram | None:
    """Of what a stage with a picture of its own sounds like; None where it has no picture, or no sound."""
    return spectrogram_of(stage.sound) if stage.array is not None and stage.sound is not None else None


def picture_of(stage: Stage) -> str:
    """Data URI of the picture of a stage that is no spectrogram; empty where there is nothing to draw."""
    array = stage.array
    if array is None or not array.size:
        return ""
    if stage.kind == "curve":
        return picture_uri(pitch_figure({stage.name: array}, stage.seconds / array.size))
    if stage.kind == "alignment":
        hop = stage.seconds / len(array)
        return picture_uri(alignment_figure(array, hop_seconds=hop, symbols=stage.symbols))
    if stage.kind == "codes":
        return picture_uri(matrix_figure(array, stage.seconds, "codebook"))
    return picture_uri(matrix_figure(array, stage.seconds, signed=True))


def sound_of(stage: Stage) -> str:
    """Data URI of an MP3 file; empty where there is nothing to hear."""
    if stage.sound is None or not np.isfinite(stage.sound[0]).all():
        return ""
    wav, rate = stage.sound
    target = next((known for known in MP3_RATES if known >= rate), MP3_RATES[-1])
    wav = resample(wav, rate, target)
    peak = float(np.abs(wav).max(initial=0.0))
    return sound_uri(wav / max(1.0, peak), target, "mp3")


def comparison(sound: Sound, reference: Sound) -> dict[str, float]:
    """Figures of a sound against another of about the same length: name with unit → value."""
    rate = min(sound[1], reference[1])
    own, other = (resample(wav, given, rate) for wav, given in (sound, reference))
    samples = min(own.size, other.size)
    ours, theirs = (spectrogram_of((wav[:samples], rate)) for wav in (own, other))
    floor = theirs.limits[0]
    distance = np.maximum(ours.values, floor) - np.maximum(theirs.values, floor)
    found = {
        "log-mel distance (dB)": float(np.sqrt(np.mean(distance**2))),
        "level (dBFS)": max(rms_dbfs(own), -100.0),
    }
    f0, wanted = (_f0((wav[:samples], rate)) for wav in (own, other))
    pitch = compare_pitch(fit_length(f0, wanted.size), wanted)
    if "f0_rmse_cents" in pitch:
        found["F0 RMSE (cents)"] = pitch["f0_rmse_cents"]
    return found


def curves_of(conditions: dict[str, list[dict[str, float]]], steps: list[float]) -> str:
    """Data URI of figures over steps, a line for each condition; empty where there is no figure."""
    names = dict.fromkeys(name for rows in conditions.values() for row in rows for name in row)
    if not names or len(steps) < 2:
        return ""
    curves: dict[str, Any] = {}
    for name in names:
        curves[name] = {}
        for label, rows in conditions.items():
            known = [(step, row[name]) for step, row in zip(steps, rows, strict=True) if name in row]
            if known:
                curves[name][label] = tuple(zip(*known, strict=True))
    return picture_uri(curves_figure(curves))


def _f0(sound: Sound) -> F0Contour:
    wav = resample(*sound, SAMPLE_RATE)
    return extract_f0(wav, SAMPLE_RATE, PITCH, "the sound")

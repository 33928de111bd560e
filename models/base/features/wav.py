"""Waveforms."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from pydantic import Field, model_validator

from hiervox.models.base.data.clip import PCM_SCALE, Clip, utterance_frames
from hiervox.models.base.data.feature import Feature, Settings
from hiervox.processors.audio import Waveform
from hiervox.utils.config import Config
from hiervox.utils.errors import AudioError

if TYPE_CHECKING:
    from lhotse.cut.data import DataCut
    from numpy.typing import NDArray
    from torch import Tensor

    from hiervox.models.base.data.feature import Limits
    from hiervox.models.base.data.random_clips import RandomClips

SILENT_PEAK = 1e-3  # -60 dBFS
CLIPPED_LEVEL = 0.999
CLIPPED_SHARE = 1e-3


class PeakConfig(Config):
    """To what peak the waveforms of a batch are scaled, full scale at 1.

    Attributes:
        lowest, highest: drawn between them, for each clip of each epoch anew.
        draw: uniform of the `linear` value, or of its `decibels`.
        of: what has the peak: the `utterance` that a segment is cut from, or the `segment`.
    """

    lowest: float = Field(0.95, gt=0, le=1)
    highest: float = Field(0.95, gt=0, le=1)
    draw: Literal["linear", "decibels"] = "linear"
    of: Literal["utterance", "segment"] = "utterance"

    @model_validator(mode="after")
    def _in_order(self) -> PeakConfig:
        if self.lowest > self.highest:
            raise ValueError(f"lowest {self.lowest:g} is above highest {self.highest:g}")
        return self

    def sample(self, generator: np.random.Generator) -> float:
        """A peak."""
        if self.draw == "linear":
            return float(generator.uniform(self.lowest, self.highest))
        return float(np.exp(generator.uniform(np.log(self.lowest), np.log(self.highest))))


class Wav(Feature):
    """Samples at `data.sample_rate`: (B, N · hop_length), zero-padded, full scale at ±1.

    With `features.peak` they are scaled as they are read. Nothing else is: stored spectrograms are those of
    the recordings as they are.

    They are stored as 16-bit PCM, so that a feature folder stands alone and training neither decodes nor
    resamples. Without a stored copy at the rate they come from the recordings.
    """

    name = "wav"
    stored = True
    settings: ClassVar[Settings] = {"peak": (PeakConfig | None, None)}

    @property
    def frame_rate(self) -> Fraction:
        """The sampling rate."""
        return Fraction(self.config.sample_rate)

    def recipe(self) -> dict[str, Any]:
        """Nothing but the rate, which stands for all features; they are stored as they are."""
        return {}

    def compute(self, clip: Clip) -> NDArray[np.int16]:
        """Samples (T,) as 16-bit PCM."""
        return np.clip(np.rint(clip.wav * PCM_SCALE), -PCM_SCALE, PCM_SCALE).astype(np.int16)

    def is_in(self, cut: DataCut) -> bool:
        """Always: there is a recording."""
        return True

    def read(self, clip: Clip) -> Waveform:
        """Samples (T,) as float32."""
        wanted: PeakConfig | None = self.config.features.peak
        if wanted is None:
            return clip.wav
        peak = float(np.abs(clip.wav if wanted.of == "segment" else self._utterance(clip)).max())
        scale = wanted.sample(clip.generator) / peak if peak > 0 else 1.0
        return clip.wav * np.float32(scale)

    def _utterance(self, clip: Clip) -> Waveform:
        """All samples of what a clip is cut from, stored or not."""
        return Clip(clip.cut, self.config, 0, utterance_frames(clip.cut, self.config)).wav

    def read_or_compute(self, clip: Clip) -> Waveform:
        """As `read`, which goes to the recording where nothing is stored; `compute` gives 16-bit PCM."""
        return self.read(clip)

    def random(self, clips: RandomClips) -> Tensor:
        """The clips' own samples."""
        return clips.wav

    def issues(self, clip: Clip, limits: Limits) -> Iterator[tuple[str, str]]:
        """Sounds that are broken, of an unusual length, silent, clipped, or of a lower rate."""
        recording = clip.cut.recording
        rate, channels = recording.sampling_rate, recording.num_channels
        if channels > 1:
            yield "stereo", f"{channels} channels: mix or pick one"
        if rate < self.config.sample_rate:
            yield "low_rate", f"{rate} Hz, at least {self.config.sample_rate} are needed"
        try:
            wav = clip.original
        except AudioError as error:
            yield "unreadable", error.problem
            return
        seconds = wav.size / rate
        if seconds < limits.min_seconds:
            yield "too_short", f"{seconds:.2f} s, at least {limits.min_seconds:g} are needed"
        if seconds > limits.max_seconds:
            yield "too_long", f"{seconds:.2f} s, at most {limits.max_seconds:g} are taken"
        magnitude = np.abs(wav)
        peak = float(magnitude.max())
        if peak < SILENT_PEAK:
            yield "silent", f"peak {20 * np.log10(max(peak, 1e-9)):.0f} dBFS"
            return
        clipped = float((magnitude >= CLIPPED_LEVEL).mean())
        if clipped > CLIPPED_SHARE:
            yield "clipped", f"{clipped:.1%} of the samples at full scale"

"""Waveforms."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from hiervox.models.base.data.clip import PCM_SCALE
from hiervox.models.base.data.feature import Feature
from hiervox.processors.audio import Waveform
from hiervox.utils.errors import AudioError

if TYPE_CHECKING:
    from lhotse.cut.data import DataCut
    from numpy.typing import NDArray

    from hiervox.models.base.data.clip import Clip
    from hiervox.models.base.data.validation import Limits

SILENT_PEAK = 1e-3  # -60 dBFS
CLIPPED_LEVEL = 0.999
CLIPPED_SHARE = 1e-3


class Wav(Feature):
    """Samples at `data.sample_rate`: (B, N · hop_length), zero-padded, full scale at ±1.

    They are stored as 16-bit PCM, so that a feature folder stands alone and training neither decodes nor
    resamples. Without a stored copy at the rate they come from the recordings.
    """

    name = "wav"
    stored = True

    @property
    def frame_rate(self) -> Fraction:
        """The sampling rate."""
        return Fraction(self.config.sample_rate)

    def recipe(self) -> dict[str, Any]:
        """Nothing but the rate, which stands for all features."""
        return {}

    def compute(self, clip: Clip) -> NDArray[np.int16]:
        """Samples (T,) as 16-bit PCM."""
        return np.clip(np.rint(clip.wav * PCM_SCALE), -PCM_SCALE, PCM_SCALE).astype(np.int16)

    def is_in(self, cut: DataCut) -> bool:
        """Always: there is a recording."""
        return True

    def read(self, clip: Clip) -> Waveform:
        """Samples (T,) as float32."""
        return clip.wav

    def read_or_compute(self, clip: Clip) -> Waveform:
        """As `read`, which goes to the recording where nothing is stored; `compute` gives 16-bit PCM."""
        return self.read(clip)

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

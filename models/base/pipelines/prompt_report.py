"""How good a recording is as a prompt, from what can be measured in a moment."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hiervox.models.base.pipelines.output_checks import block_levels
from hiervox.models.base.pipelines.pitch_transfer import track_pitch
from hiervox.models.base.pipelines.prompt import prepare_prompt
from hiervox.processors.audio import FLAT_LEVEL, SAMPLE_RATE, Waveform, rms_dbfs
from hiervox.processors.pitch import PitchConfig

SHORT_SECONDS = 3.0
QUIET_LEVEL = -40.0
MUCH_CLIPPED = 0.001
FEW_VOICED = 0.2
NOISY_RATIO = 20.0


@dataclass(frozen=True)
class PromptReport:
    """Measures of a prompt.

    Attributes:
        seconds: of what is used of it.
        level: root mean square in dBFS.
        clipped: share of samples at full scale.
        voiced: share of frames with a pitch.
        signal_to_noise: dB, a guess: loud 20 ms (95th percentile) over quiet ones (5th). A prompt without
            pauses looks noisier than it is.
    """

    seconds: float
    level: float
    clipped: float
    voiced: float
    signal_to_noise: float

    @property
    def advice(self) -> list[str]:
        """What would make it a better prompt."""
        found = {
            "short: --replicate may help, 3 s or more is better": self.seconds < SHORT_SECONDS,
            "quiet: record it closer": self.level < QUIET_LEVEL,
            "clipped: record it at a lower level": self.clipped > MUCH_CLIPPED,
            "mostly unvoiced: is it speech?": self.voiced < FEW_VOICED,
            "noisy: try --denoise-ratio 0.8": self.signal_to_noise < NOISY_RATIO,
        }
        return [advice for advice, applies in found.items() if applies]

    def __str__(self) -> str:
        measures = (
            f"{self.seconds:.1f} s, {self.level:.0f} dBFS, {self.clipped:.1%} clipped, "
            f"{self.voiced:.0%} voiced, about {self.signal_to_noise:.0f} dB over its noise"
        )
        return "; ".join([measures, *self.advice])


def report_prompt(wav: Waveform, rate: int, name: str, pitch: PitchConfig) -> PromptReport:
    """Measure a prompt (T,).

    Args:
        wav: full scale at ±1.
        rate: of `wav`, Hz.
        name: what errors call it.
        pitch: how its F0 is tracked.

    Raises:
        AudioError: it can't be a prompt at all.
    """
    recording = prepare_prompt(wav, rate, name)
    levels = np.maximum(block_levels(recording, SAMPLE_RATE), -100)
    quiet, loud = np.percentile(levels, [5, 95])
    return PromptReport(
        seconds=recording.size / SAMPLE_RATE,
        level=rms_dbfs(recording),
        clipped=float((np.abs(wav) >= FLAT_LEVEL).mean()),
        voiced=float((track_pitch(recording, pitch, name) > 0).mean()),
        signal_to_noise=float(loud - quiet),
    )

"""What comes out of speaking and converting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from hiervox.models.base.pipelines.controls import Scaling
from hiervox.models.base.pipelines.token_sequence import TokenSequence
from hiervox.processors.audio import SILENCE_PEAK, Waveform, write_audio
from hiervox.processors.pitch import F0Contour
from hiervox.processors.spectrogram import SpectrogramConfig
from hiervox.utils.errors import AudioError

HIGHEST_PEAK = 0.999  # the published inference's of HierSpeech++


@dataclass(frozen=True)
class Synthesis:
    """A token sequence on its way to sound.

    Attributes:
        sequence: what is said.
        features: what the system's decoder takes; its own affair.
        durations: frames of each token; None where the system does not know.
        frame_rate: frames a second.
        f0: (T,) in Hz at 200 Hz, 0 where unvoiced, for `wav`; None where the system has none.
        noise: what the rest of the noise comes from.
        wav: (T,) at the system's rate, unscaled; empty before it is decoded. In a text of several sentences
            with the pause behind it.
        trimmed: samples of silence that were cut off before `wav`.
        attempts: 1, or 2 where the first was faulty.
        problems: what is still wrong with it, as it was logged.
    """

    sequence: TokenSequence
    features: Any = field(repr=False)
    frame_rate: float
    noise: torch.Generator = field(repr=False)
    durations: list[int] | None = None
    f0: F0Contour | None = None
    wav: Waveform = field(default_factory=lambda: np.zeros(0, np.float32))
    trimmed: int = 0
    attempts: int = 1
    problems: tuple[str, ...] = ()

    @property
    def alignment(self) -> NDArray[np.float32] | None:
        """(N, L) of 0 and 1, frames to tokens; None where the durations are not known."""
        if self.durations is None:
            return None
        return np.repeat(np.eye(len(self.durations), dtype=np.float32), self.durations, axis=0)


@dataclass(frozen=True)
class Speech:
    """A waveform and what it was made of.

    Attributes:
        wav: (T,), scaled as asked for.
        rate: of `wav`, Hz.
        f0: in Hz at 200 Hz, 0 where unvoiced and in pauses; None where the system has none.
        mel: (M, N), log-mel of the unscaled waveform at the system's own rate.
        sentences: of a spoken text; none of a converted recording.
    """

    wav: Waveform
    rate: int
    f0: F0Contour | None
    mel: NDArray[np.float32] = field(repr=False)
    sentences: tuple[Synthesis, ...] = field(default=(), repr=False)

    @property
    def alignment(self) -> NDArray[np.float32] | None:
        """(N, L), frames to tokens, of a text of one sentence; None of others."""
        return self.sentences[0].alignment if len(self.sentences) == 1 else None

    def save(self, path: Path | str) -> None:
        """Write the waveform; the suffix names the format.

        Raises:
            AudioError: it is silent, clipped or not finite, or the suffix names no format.
        """
        write_audio(path, self.wav, self.rate)


def gain(scaling: Scaling, peak: float, prompt_peak: float) -> float:
    """The factor that brings a waveform of peak `peak` to what `SpeechControls.scaling` asks for.

    Raises:
        AudioError: the waveform is silent.
    """
    if not peak >= SILENCE_PEAK:
        raise AudioError("the networks made no sound", "check the text and the prompt, or use other weights")
    if scaling == "none":
        return 1.0
    return (HIGHEST_PEAK if scaling == "max" else min(prompt_peak, HIGHEST_PEAK)) / peak


def drawn_mel(rate: int) -> SpectrogramConfig:
    """Of the spectrograms that are drawn of a system that has none of its own: 20 ms frames at its rate."""
    hop = rate // 50
    return SpectrogramConfig(
        sample_rate=rate, n_fft=4 * hop, win_length=4 * hop, hop_length=hop, f_max=rate / 2
    )


def concatenated(parts: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    """Arrays one behind the other in time, their last axis; (0,) for none."""
    return np.concatenate(parts, axis=-1) if parts else np.zeros(0, np.float32)

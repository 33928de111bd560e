"""What comes out: a waveform, what it was made of, and how loud it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from hiervox.models.tts.hierspeechpp.controls import Scaling, SpeechControls
from hiervox.models.tts.hierspeechpp.parts import Networks
from hiervox.models.tts.hierspeechpp.rendering import at_rate
from hiervox.models.tts.hierspeechpp.voice import Voice
from hiervox.processors.audio import SILENCE_PEAK, Waveform
from hiervox.processors.pitch import Track
from hiervox.processors.spectrogram import log_mel
from hiervox.utils.errors import AudioError

HIGHEST_PEAK = 0.999  # the published inference's


@dataclass(frozen=True)
class Speech:
    """A waveform and what it was made of.

    Attributes:
        wav: (T,), scaled as asked for.
        rate: of `wav`, Hz.
        f0: (4 N,) in Hz at 200 frames/s, 0 where unvoiced: what the synthesizer was given, and 0 in pauses.
        mel: (80, N), log-mel of the unscaled 16 kHz waveform, 50 frames/s.
        alignment: (N, L) of 0 and 1, frames to tokens and the blanks between, if any, of a text of one
            sentence.
    """

    wav: Waveform
    rate: int
    f0: Track
    mel: NDArray[np.float32]
    alignment: NDArray[np.float32] | None = None


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


def gather(
    networks: Networks,
    sounds: Sequence[Waveform],
    f0: Track,
    voice: Voice,
    controls: SpeechControls,
    alignment: NDArray[np.float32] | None = None,
) -> Speech:
    """Waveforms at 16 kHz behind each other, brought to the controls' rate and scaled.

    Raises:
        AudioError: they are silent.
        CheckpointError: the bundle has no super-resolution for the rate.
    """
    wav = np.concatenate(list(at_rate(networks, sounds, controls.rate)))
    wav *= gain(controls.scaling, float(np.abs(wav).max(initial=0.0)), voice.peak)
    return Speech(wav, controls.rate, f0, mel_of(networks, np.concatenate(sounds)), alignment)


def mel_of(networks: Networks, wav: Waveform) -> NDArray[np.float32]:
    """Log-mel (80, N) of a 16 kHz waveform (T,), as the synthesizer sees prompts."""
    config = networks.synthesizer_experiment.mel
    mel: NDArray[np.float32] = log_mel(torch.from_numpy(wav)[None], config)[0].numpy()
    return mel

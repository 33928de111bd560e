"""Voices of F5-TTS: recordings, with what they say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from hiervox.models.base.pipelines.concatenation import audible_span
from hiervox.models.base.pipelines.parts import no_speaker
from hiervox.models.base.pipelines.voice import Voice
from hiervox.models.tts._voices.prompt_text import PromptRecognizer, text_beside
from hiervox.models.tts.f5_tts.controls import F5TtsControls
from hiervox.models.tts.f5_tts.duration import WHOLE_SECONDS
from hiervox.models.tts.f5_tts.reading import F5Reader
from hiervox.processors.audio import SAMPLE_RATE, Waveform, resample
from hiervox.processors.pitch import PitchConfig
from hiervox.processors.spectrogram import SpectrogramConfig, log_mel
from hiervox.utils.errors import AudioError, CheckpointError, TextError

RECORDING, TEXT = "recording", "text"
LEAST_RMS = 0.1
"""A quieter prompt is raised to it, and what is made is lowered by as much."""
LONGEST_SECONDS, SHORTEST_CROP = 12.0, 6.0
"""A prompt whose text is recognised is cut to less than the one, at the quietest place behind the other."""
MOST_SECONDS = WHOLE_SECONDS - 2.0
"""Of a prompt whose text is given: room for a few words is left behind it."""
PAUSE_SECONDS = 0.05
"""Silence behind a prompt, so that its last sound is not continued."""


class Prompt(NamedTuple):
    """What a voice gives the network.

    Attributes:
        mel: (M, P + 1), the log-mel of P frames and of the end of the last one.
        text: what it says, as `F5Reader.tokens` takes it.
        seconds: of it.
        gain: factor of what is made.
    """

    mel: Tensor
    text: str
    seconds: float
    gain: float

    @property
    def frames(self) -> int:
        """P."""
        return self.mel.shape[1] - 1


class F5Voices:
    """Voices from prompts: the recording and, where it is written beside it, its text.

    The text is that of the control `prompt_text`, or of the file that is called as the recording and ends in
    `.txt`; where there is neither, Whisper recognises it.

    Args:
        mel: of the model.
        reader: of texts.
    """

    speakers: Sequence[str] = ()
    pitch = PitchConfig()
    prompts_have_text = True

    def __init__(self, mel: SpectrogramConfig, reader: F5Reader) -> None:
        self.mel, self.reader = mel, reader
        self.prompt_rate = mel.sample_rate
        self.fingerprint = f"recordings at {mel.sample_rate} Hz"
        self._recognizer = PromptRecognizer()

    def speaker(self, name: str) -> dict[str, Tensor]:
        """Is refused: the network knows no speakers by name.

        Raises:
            ConfigError: always.
        """
        raise no_speaker(name)

    def encode(self, recording: Waveform, name: str, for_text: bool = True) -> dict[str, Tensor]:
        """The prompt (T,) at `prompt_rate` itself, without silence at its ends, and the text beside it."""
        start, stop = audible_span(recording, self.prompt_rate)
        encoded = {RECORDING: torch.from_numpy(recording[start:stop].copy())}
        text = text_beside(name)
        if text is None:
            return encoded
        self.reader.prompt(text)  # refuses what nobody can say
        return {**encoded, TEXT: torch.from_numpy(np.frombuffer(text.encode(), np.uint8).copy())}

    def check(self, voice: Voice, name: str) -> None:
        """Refuse a saved voice without a recording (T,).

        Raises:
            CheckpointError: such a voice.
        """
        wav, text = voice.tensors.get(RECORDING), voice.tensors.get(TEXT)
        fits = (
            wav is not None and wav.dtype == torch.float32 and wav.ndim == 1 and wav.numel() > self.mel.n_fft
        )
        fits = fits and bool(wav.isfinite().all()) and bool(wav.any())  # type: ignore[union-attr]
        if not fits or (text is not None and (text.dtype != torch.uint8 or text.ndim != 1)):
            raise CheckpointError(f"{name} holds no recording", "remove it and add the voice again")

    def prompt(self, voice: Voice, controls: F5TtsControls) -> Prompt:
        """What the network goes on from.

        Raises:
            AudioError: the prompt is too long.
            DependencyError: its text is to be recognised, and Whisper is not installed.
            TextError: its text can't be read, or no word is heard.
        """
        wav: Waveform = voice.tensors[RECORDING].numpy()
        text = self._given_text(voice, controls)
        if text is None:
            wav = cropped(wav, self.prompt_rate)
            language = self.reader.language(controls.language)
            text = self._recognizer.text(resample(wav, self.prompt_rate, SAMPLE_RATE), language)
        elif wav.size > MOST_SECONDS * self.prompt_rate:
            raise AudioError(
                f"the prompt lasts {wav.size / self.prompt_rate:.1f} s",
                f"cut out less than {MOST_SECONDS:g} s, and say what they say",
            )
        wav = np.pad(wav, (0, round(PAUSE_SECONDS * self.prompt_rate)))
        rms = float(np.sqrt(np.square(wav, dtype=np.float64).mean()))
        gain = min(1.0, rms / LEAST_RMS)
        samples = torch.from_numpy(wav[: wav.size // self.mel.hop_length * self.mel.hop_length] / gain)
        mel = log_mel(samples[None].float(), self.mel)[0]
        spoken = self.reader.prompt(text, controls.language)
        frames = wav.size // self.mel.hop_length
        if mel.shape[1] == frames:  # of a spectrogram that is not centred
            mel = torch.cat([mel, mel[:, -1:]], dim=1)
        return Prompt(mel, spoken, wav.size / self.prompt_rate, gain)

    def _given_text(self, voice: Voice, controls: F5TtsControls) -> str | None:
        if controls.prompt_text is not None:
            return controls.prompt_text
        if TEXT not in voice.tensors:
            return None
        try:
            return voice.tensors[TEXT].numpy().tobytes().decode()
        except UnicodeDecodeError as error:
            raise TextError("the saved voice's text is not UTF-8", "add the voice again") from error


def cropped(wav: Waveform, rate: int) -> Waveform:
    """The beginning of a long prompt (T,), up to the quietest tenth of a second at which it may end."""
    if wav.size <= LONGEST_SECONDS * rate:
        return wav
    block = rate // 10
    first, last = round(SHORTEST_CROP * rate) // block, round(LONGEST_SECONDS * rate) // block
    levels = np.square(wav[first * block : last * block], dtype=np.float64).reshape(-1, block).mean(axis=1)
    return wav[: (first + int(levels.argmin())) * block + block // 2]

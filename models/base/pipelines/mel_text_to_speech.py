"""Text to speech in two halves: an acoustic model from text to log-mel, and any vocoder.

A system whose network ends in a log-mel spectrogram derives its pipeline from `MelTextToSpeechPipeline` and
its controls from `MelSpeechControls`, and its card says `uses=("vocoder",)`. It gives what a voice is, and
`acoustic`, whose `Synthesis.features` are (M, N), made as the experiment's `mel` section says; `f0` where the
model predicts one. Finding the vocoder, comparing its spectrogram with the model's, decoding and streams are
here::

    class MyPipeline(MelTextToSpeechPipeline):
        controls = MyControls  # of MelSpeechControls

        @classmethod
        def load(cls, folder, device="cpu"):
            network, experiment = load_network(find_part(folder, "tts").folder, device)
            return cls(folder, experiment.mel, device, ...)

The vocoder is the one that the control `vocoder` names, else the one in the model's folder, else Griffin-Lim.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from pydantic import Field

from hiervox.models.base.pipelines.bundle import is_checkpoint, load_part, parts_of
from hiervox.models.base.pipelines.controls import SpeechControls
from hiervox.models.base.pipelines.loading import load
from hiervox.models.base.pipelines.pitch_curve import F0_HOP_SECONDS
from hiervox.models.base.pipelines.protocols import Mel, Vocoder
from hiervox.models.base.pipelines.speech import Synthesis
from hiervox.models.base.pipelines.text_to_speech import TextToSpeechPipeline
from hiervox.models.base.pipelines.vocoder import GriffinLimVocoder, MelF0, MelVocoder
from hiervox.models.base.pipelines.voice import Voice
from hiervox.processors.audio import Waveform
from hiervox.processors.spectrogram import SpectrogramConfig
from hiervox.utils.logging import get_logger

VOCODER_TASK = "vocoder"
GRIFFIN_LIM = "griffin_lim"
STREAM_FRAMES = 100
"""Mel frames of a chunk of a stream; about a second."""

_log = get_logger("speech")


class MelSpeechControls(SpeechControls):
    """Of a system whose spectrograms a vocoder makes sound of."""

    vocoder: str | None = Field(
        None, description="a vocoder's name or folder, or griffin_lim; by default the model folder's"
    )


class MelTextToSpeechPipeline(TextToSpeechPipeline):
    """Base of pipelines of acoustic models that end in a log-mel spectrogram.

    Args:
        folder: of the bundle, or of the acoustic model's checkpoint alone.
        mel: how the model's spectrograms are made.
        device: where the networks run, the vocoder's too.
    """

    controls: ClassVar[type[SpeechControls]] = MelSpeechControls

    def __init__(self, folder: Path, mel: SpectrogramConfig, device: str | torch.device = "cpu") -> None:
        super().__init__(folder, device)
        self._mel = mel
        self.rate = mel.sample_rate
        self._vocoders: dict[str | None, Vocoder | MelVocoder] = {}

    @property
    def mel_config(self) -> SpectrogramConfig:
        """Of the acoustic model."""
        return self._mel

    @property
    def frame_rate(self) -> float:
        """Mel frames a second."""
        return self._mel.sample_rate / self._mel.hop_length

    def vocoder(self, name: str | None = None) -> Vocoder | MelVocoder:
        """A vocoder for this model's spectrograms, opened once.

        Args:
            name: of a bundle or a folder, as `hiervox vocode --model` takes it, or `griffin_lim`; None for
                the one in the model's folder, or Griffin-Lim where there is none.

        Raises:
            ConfigError: there is none of that name, or it takes other spectrograms; names both settings.
            CheckpointError: it is broken, or no vocoder.
        """
        if name not in self._vocoders:
            self._vocoders[name] = self._open(name)
        return self._vocoders[name]

    def _open(self, name: str | None) -> Vocoder | MelVocoder:
        if name is None and not self._has_vocoder():
            _log.info("no vocoder in %s: Griffin-Lim makes the sound", self.folder)
            name = GRIFFIN_LIM
        if name == GRIFFIN_LIM:
            return GriffinLimVocoder(self._mel)
        vocoder: Vocoder
        if name is None:
            vocoder = load_part(self.folder, VOCODER_TASK, self.device)
        else:
            vocoder = load(name, VOCODER_TASK, str(self.device))
        vocoder.require_mel(self._mel)
        return vocoder

    def _has_vocoder(self) -> bool:
        if is_checkpoint(self.folder):
            return False
        return any(part.card.serves(VOCODER_TASK) for part in parts_of(self.folder))

    def _controls(self, controls: Any, otherwise: SpeechControls | None = None) -> Any:
        """Controls whose vocoder is there and fits, before anything is computed."""
        found = super()._controls(controls, otherwise)
        self.vocoder(found.vocoder)
        return found

    def decode(self, batch: Sequence[Synthesis], voices: Sequence[Voice], controls: Any) -> list[Waveform]:
        """Log-mels to waveforms (T_i,), one by one: a vocoder would hear the padding of others."""
        vocoder = self.vocoder(controls.vocoder)
        return [vocoder.vocode(self._audible(one.features), self._mel_f0(one)) for one in batch]

    def decode_stream(self, synthesis: Synthesis, voice: Voice, controls: Any) -> Iterator[Waveform]:
        """`decode` in chunks of a second, where the vocoder can."""
        vocoder = self.vocoder(controls.vocoder)
        yield from vocoder.stream(
            self._audible(synthesis.features), self._mel_f0(synthesis), frames=STREAM_FRAMES
        )

    def _audible(self, mel: Mel) -> Mel:
        """Not under digital silence, which a vocoder has never seen."""
        return np.maximum(mel, np.float32(self._mel.silence))

    def _mel_f0(self, synthesis: Synthesis) -> MelF0 | None:
        """The predicted F0 at the mel frames, for vocoders that are driven by it."""
        if synthesis.f0 is None or not synthesis.f0.size:
            return None
        seconds = np.arange(synthesis.features.shape[1]) / self.frame_rate
        nearest = np.rint(seconds / F0_HOP_SECONDS).astype(int).clip(max=synthesis.f0.size - 1)
        f0: MelF0 = synthesis.f0[nearest].astype(np.float32)
        return f0

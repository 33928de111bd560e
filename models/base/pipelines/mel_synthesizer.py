"""Text to speech in two halves: an acoustic model from text to log-mel, and any vocoder.

A system whose network ends in a log-mel spectrogram gives an `AcousticModel`, whose `Synthesis.features` are
(M, N), made as its `mel_config` says; `f0` where the model predicts one. Its controls derive from
`MelSpeechControls`, and its card says `uses=("vocoder",)`::

    def load_pipeline(folder, device="cpu"):
        network, experiment = load_for_inference(find_part(folder, "tts").folder, device)
        acoustic = MyAcousticModel(network, experiment)
        synthesizer = MelSynthesizer(acoustic, VocoderChoice(folder, experiment.mel, device))
        return SpeechPipeline(folder, device, MyControls, synthesizer, MyVoices(network))
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Generic, TypeVar

import numpy as np
import torch
from pydantic import Field

from hiervox.models.base.pipelines.bundle import is_checkpoint, load_part, parts_of
from hiervox.models.base.pipelines.controls import SpeechControls
from hiervox.models.base.pipelines.loading import load
from hiervox.models.base.pipelines.parts import AcousticModel, Item, Reader
from hiervox.models.base.pipelines.pitch_curve import F0_HOP_SECONDS
from hiervox.models.base.pipelines.protocols import Mel, Vocoder
from hiervox.models.base.pipelines.speech import Synthesis
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


ControlsT = TypeVar("ControlsT", bound=MelSpeechControls)


class VocoderChoice:
    """The vocoders for a model's spectrograms, each opened once.

    Args:
        folder: of the bundle, or of the acoustic model's checkpoint alone.
        mel: how the model's spectrograms are made.
        device: where the vocoders run.
    """

    def __init__(self, folder: Path, mel: SpectrogramConfig, device: str | torch.device = "cpu") -> None:
        self.folder, self.mel, self.device = folder, mel, device
        self._opened: dict[str | None, Vocoder | MelVocoder] = {}

    def named(self, name: str | None = None) -> Vocoder | MelVocoder:
        """A vocoder.

        Args:
            name: of a bundle or a folder, as `hiervox vocode --model` takes it, or `griffin_lim`; None for
                the one in the model's folder, or Griffin-Lim where there is none.

        Raises:
            ConfigError: there is none of that name, or it takes other spectrograms; names both settings.
            CheckpointError: it is broken, or no vocoder.
        """
        if name not in self._opened:
            self._opened[name] = self._open(name)
        return self._opened[name]

    def _open(self, name: str | None) -> Vocoder | MelVocoder:
        if name is None and not self._has_vocoder():
            _log.info("no vocoder in %s: Griffin-Lim makes the sound", self.folder)
            name = GRIFFIN_LIM
        if name == GRIFFIN_LIM:
            return GriffinLimVocoder(self.mel)
        vocoder: Vocoder
        if name is None:
            vocoder = load_part(self.folder, VOCODER_TASK, self.device)
        else:
            vocoder = load(name, VOCODER_TASK, str(self.device), precision=None)
        vocoder.require_mel(self.mel)
        return vocoder

    def _has_vocoder(self) -> bool:
        if is_checkpoint(self.folder):
            return False
        return any(part.card.serves(VOCODER_TASK) for part in parts_of(self.folder))


class MelSynthesizer(Generic[ControlsT]):
    """An acoustic model and a vocoder as a `Synthesizer`.

    Args:
        acoustic: whose features are log-mels.
        vocoder: from which the controls choose.
    """

    largest_batch = None

    def __init__(self, acoustic: AcousticModel[ControlsT], vocoder: VocoderChoice) -> None:
        self.acoustic_model, self.vocoder = acoustic, vocoder
        self.rate = acoustic.mel_config.sample_rate

    @property
    def reader(self) -> Reader:
        """Of the acoustic model."""
        return self.acoustic_model.reader

    @property
    def mel_config(self) -> SpectrogramConfig:
        """Of the acoustic model."""
        return self.acoustic_model.mel_config

    def prepare(self, controls: ControlsT) -> None:
        """Open the vocoder; see `VocoderChoice.named`."""
        self.vocoder.named(controls.vocoder)

    def acoustic(self, items: Sequence[Item], controls: ControlsT, attempt: int = 0) -> list[Synthesis]:
        """Token sequences to log-mels."""
        return self.acoustic_model.acoustic(items, controls, attempt)

    def decode(
        self, batch: Sequence[Synthesis], voices: Sequence[Voice], controls: ControlsT
    ) -> list[Waveform]:
        """Log-mels to waveforms (T_i,), one by one: a vocoder would see the padding of others."""
        vocoder = self.vocoder.named(controls.vocoder)
        return [
            vocoder.vocode(self._audible(synthesis.features), self._mel_f0(synthesis)) for synthesis in batch
        ]

    def decode_stream(self, synthesis: Synthesis, voice: Voice, controls: ControlsT) -> Iterator[Waveform]:
        """`decode` in chunks of a second, where the vocoder can."""
        vocoder = self.vocoder.named(controls.vocoder)
        mel = self._audible(synthesis.features)
        yield from vocoder.stream(mel, self._mel_f0(synthesis), frames=STREAM_FRAMES)

    def _audible(self, mel: Mel) -> Mel:
        """Not under digital silence, which a vocoder has never seen."""
        return np.maximum(mel, np.float32(self.mel_config.silence))

    def _mel_f0(self, synthesis: Synthesis) -> MelF0 | None:
        """The predicted F0 at the mel frames, for vocoders that are driven by it."""
        if synthesis.f0 is None or not synthesis.f0.size:
            return None
        seconds = np.arange(synthesis.features.shape[1]) / self.mel_config.frame_rate
        nearest = np.rint(seconds / F0_HOP_SECONDS).astype(int).clip(max=synthesis.f0.size - 1)
        f0: MelF0 = synthesis.f0[nearest].astype(np.float32)
        return f0

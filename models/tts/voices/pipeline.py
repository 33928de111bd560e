"""Speaking in the voices that a network has."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import ClassVar

import torch
from torch import Tensor

from hiervox.models.base.pipelines.text_to_speech import TextToSpeechPipeline
from hiervox.models.base.pipelines.voice import Voice
from hiervox.models.tts.speakers import ONLY_SPEAKER, fingerprint
from hiervox.models.tts.voices.network import SpeakerNetwork
from hiervox.processors.audio import SAMPLE_RATE, Waveform, resample
from hiervox.processors.spectrogram import SpectrogramConfig, log_mel

STYLE = "style"


class SpeakerPipeline(TextToSpeechPipeline):
    """Base of pipelines whose network is a `SpeakerNetwork`.

    Args:
        folder: of the checkpoint.
        network: in evaluation mode.
        mel: of references, and of the network's rate.

    Attributes:
        voice_tensors: beginnings of the names of the tensors that saved voices are bound to, beside the
            speaker table and the encoder of references.
    """

    voice_tensors: ClassVar[tuple[str, ...]] = ()

    def __init__(self, folder: Path, network: SpeakerNetwork, mel: SpectrogramConfig) -> None:
        super().__init__(folder, next(network.parameters()).device)
        self.speaker_network: SpeakerNetwork = network
        self.rate = mel.sample_rate
        self._mel = mel

    @property
    def mel_config(self) -> SpectrogramConfig:
        """Of references and pictures."""
        return self._mel

    @cached_property
    def fingerprint(self) -> str:
        """A digest of what makes voices."""
        beginnings = ("speaker_table", "reference_encoder", *self.voice_tensors)
        return fingerprint(self.speaker_network, beginnings)

    @property
    def speakers(self) -> tuple[str, ...]:
        """Those of the table; one, where the model has no others."""
        sizes = self.speaker_network.speaker_sizes
        return (ONLY_SPEAKER,) if sizes.voice == "none" else sizes.speakers

    @torch.inference_mode()
    def speaker_tensors(self, name: str) -> dict[str, Tensor]:
        """The speaker's vector (S, 1); nothing for the only one."""
        if self.speaker_network.speaker_sizes.voice == "none":
            return {}
        row = torch.tensor([self.speakers.index(name)], device=self.device)
        return {STYLE: self.speaker_network.table_style(row)[0].cpu()}

    @torch.inference_mode()
    def encode_voice(self, recording: Waveform, for_text: bool = True) -> dict[str, Tensor]:
        """The vector (S, 1) of a prompt (T,) at 16 kHz, where the model has an encoder of references.

        Raises:
            ConfigError: it has none.
        """
        if self.speaker_network.speaker_sizes.voice != "reference":
            return super().encode_voice(recording, for_text)
        wav = torch.from_numpy(resample(recording, SAMPLE_RATE, self.rate))[None].to(self.device)
        mel = log_mel(wav, self._mel)
        return {STYLE: self.speaker_network.reference_style(mel, torch.ones_like(mel[:, :1]))[0].cpu()}

    def styles(self, voices: Sequence[Voice]) -> Tensor | None:
        """Their vectors (B, S, 1); None where the model has one speaker."""
        if self.speaker_network.speaker_sizes.voice == "none":
            return None
        return torch.stack([voice.tensors[STYLE] for voice in voices]).to(self.device)

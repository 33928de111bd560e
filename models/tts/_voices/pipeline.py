"""The voices that a network of this task has: one, a table of speakers, or any by a reference."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property

import torch
from torch import Tensor

from hiervox.models.base.pipelines.parts import no_prompts
from hiervox.models.base.pipelines.voice import Voice, fingerprint, is_style
from hiervox.models.tts._voices.network import SpeakerNetwork
from hiervox.models.tts.speakers import ONLY_SPEAKER
from hiervox.processors.audio import SAMPLE_RATE, Waveform, resample
from hiervox.processors.pitch import PitchConfig
from hiervox.processors.spectrogram import SpectrogramConfig, log_mel
from hiervox.utils.errors import CheckpointError

STYLE = "style"


class SpeakerVoices:
    """The `Voices` of a `SpeakerNetwork`.

    Args:
        network: in evaluation mode.
        mel: of references, and of the network's rate.
        tensors: beginnings of the names of the tensors that saved voices are bound to, beside the speaker
            table and the encoder of references.
        frames_of: a reference (1, T) at the network's rate → what its encoder reads, (1, C, N); by default
            the log-mel.
    """

    pitch = PitchConfig()
    prompts_have_text = False

    def __init__(
        self,
        network: SpeakerNetwork,
        mel: SpectrogramConfig,
        tensors: tuple[str, ...] = (),
        frames_of: Callable[[Tensor], Tensor] | None = None,
    ) -> None:
        self.network, self.mel, self._tensors = network, mel, tensors
        self._frames_of = frames_of or (lambda wav: log_mel(wav, mel))
        self.device = next(network.parameters()).device
        self.kind = network.speaker_sizes.voice

    @cached_property
    def fingerprint(self) -> str:
        """A digest of what makes voices."""
        return fingerprint(self.network.state_dict(), ("speaker_table", "reference_encoder", *self._tensors))

    @property
    def speakers(self) -> Sequence[str]:
        """Those of the table; one, where the model has no others."""
        return (ONLY_SPEAKER,) if self.kind == "none" else self.network.speaker_sizes.speakers

    @torch.inference_mode()
    def speaker(self, name: str) -> dict[str, Tensor]:
        """The speaker's vector (S, 1); nothing for the only one."""
        if self.kind == "none":
            return {}
        row = torch.tensor([self.speakers.index(name)], device=self.device)
        return {STYLE: self.network.table_style(row)[0].cpu()}

    @torch.inference_mode()
    def encode(self, recording: Waveform, name: str, for_text: bool = True) -> dict[str, Tensor]:
        """The vector (S, 1) of a prompt (T,) at 16 kHz, where the model has an encoder of references.

        Raises:
            ConfigError: it has none.
        """
        if self.kind != "reference":
            raise no_prompts(self.speakers)
        wav = torch.from_numpy(resample(recording, SAMPLE_RATE, self.mel.sample_rate))[None].to(self.device)
        frames = self._frames_of(wav)
        return {STYLE: self.network.reference_style(frames, torch.ones_like(frames[:, :1]))[0].cpu()}

    def check(self, voice: Voice, name: str) -> None:
        """Refuse a saved voice without a vector (S, 1) of the network's size, where it takes one.

        Raises:
            CheckpointError: such a voice.
        """
        style, size = voice.tensors.get(STYLE), self.network.speaker_sizes.style_channels
        if self.kind != "none" and (style is None or not is_style(style, size)):
            raise CheckpointError(f"{name} holds no style of this model", "remove it and add the voice again")

    def styles(self, voices: Sequence[Voice]) -> Tensor | None:
        """Their vectors (B, S, 1); None where the model has one speaker."""
        if self.kind == "none":
            return None
        return torch.stack([voice.tensors[STYLE] for voice in voices]).to(self.device)

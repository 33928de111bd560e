"""Voices of systems that convert to the style vector of a prompt."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Protocol

import torch
from torch import Tensor

from hiervox.models.base.checkpoints.checkpoint import WEIGHTS_NAME, find_checkpoint, load_weights
from hiervox.models.base.data.setup import FeaturesConfig
from hiervox.models.base.pipelines.parts import no_speaker
from hiervox.models.base.pipelines.voice import Voice, fingerprint, is_style
from hiervox.processors.audio import Waveform
from hiervox.processors.spectrogram import SpectrogramConfig, log_mel
from hiervox.utils.errors import CheckpointError

STYLE = "style"


class StyledNetwork(Protocol):
    """A network with a `style_encoder`."""

    def style(self, mel: Tensor, mask: Tensor) -> Tensor:
        """Log-mel (B, M, N) and mask (B, 1, N) to (B, S, 1)."""


class StyledSizes(Protocol):
    """Sizes of such a network."""

    @property
    def style_channels(self) -> int:
        """S of its styles."""


class StyledExperiment(Protocol):
    """How it was trained."""

    @property
    def model(self) -> StyledSizes:
        """Sizes."""

    @property
    def features(self) -> FeaturesConfig:
        """Of the data."""

    @property
    def mel(self) -> SpectrogramConfig:
        """Of what the style encoder reads."""


class PromptVoices:
    """Voices from prompts: their style vectors.

    Args:
        network: in evaluation mode.
        experiment: its config.
        folder: of its checkpoint or run.
        device: where it is.
    """

    speakers: tuple[str, ...] = ()
    prompts_have_text = False

    def __init__(
        self, network: StyledNetwork, experiment: StyledExperiment, folder: Path, device: torch.device
    ) -> None:
        self.network, self.mel = network, experiment.mel
        self.folder, self.device = folder, device
        self.style_channels = experiment.model.style_channels
        self.pitch = experiment.features.pitch

    @cached_property
    def fingerprint(self) -> str:
        """A digest of what makes voices, as it stands in the checkpoint."""
        return fingerprint(load_weights(find_checkpoint(self.folder) / WEIGHTS_NAME), ("style_encoder",))

    def speaker(self, name: str) -> dict[str, Tensor]:
        """Is refused: the networks know no speakers by name.

        Raises:
            ConfigError: always.
        """
        raise no_speaker(name)

    @torch.inference_mode()
    def encode(self, recording: Waveform, name: str, for_text: bool = True) -> dict[str, Tensor]:
        """The style (S, 1) of a prompt (T,) at 16 kHz."""
        mel = log_mel(torch.from_numpy(recording)[None].to(self.device), self.mel)
        return {STYLE: self.network.style(mel, torch.ones_like(mel[:, :1]))[0].float().cpu()}

    def check(self, voice: Voice, name: str) -> None:
        """Refuse a saved voice without a vector (S, 1) of the network's size.

        Raises:
            CheckpointError: such a voice.
        """
        style = voice.tensors.get(STYLE)
        if style is None or not is_style(style, self.style_channels):
            raise CheckpointError(f"{name} holds no style of this model", "remove it and add the voice again")


def style_of(voice: Voice, device: torch.device) -> Tensor:
    """The style (1, S, 1) of a voice that `PromptVoices` made."""
    return voice.tensors[STYLE][None].to(device)

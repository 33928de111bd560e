"""Toy systems of several tasks, a linear layer each, for tests of what all systems share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn

from hiervox.models.base.card import Part, SystemCard
from hiervox.models.base.checkpoints.checkpoint import load_network, save_weights
from hiervox.models.base.config import ExperimentConfig
from hiervox.models.base.pipelines.controls import Controls
from hiervox.models.base.pipelines.protocols import Codes
from hiervox.models.base.registry import SYSTEMS
from hiervox.processors.audio import Waveform, resample
from hiervox.processors.spectrogram import SpectrogramConfig
from hiervox.utils.config import Config

HERE = "tests.models.base.pipelines.toys"
HOP = 320
LEVELS = 16


class ToyConfig(Config):
    bins: int = 80


class ToyVocoderExperiment(ExperimentConfig):
    model: ToyConfig = ToyConfig()
    mel: SpectrogramConfig = SpectrogramConfig()


class ToyExperiment(ExperimentConfig):
    model: ToyConfig = ToyConfig()


class ToyVocoder(nn.Module):
    def __init__(self, config: ToyConfig) -> None:
        super().__init__()
        self.layer = nn.Linear(config.bins, HOP)

    def forward(self, mel: Tensor) -> Tensor:
        wav: Tensor = 0.5 * torch.tanh(self.layer(mel.transpose(1, 2)).flatten(1))
        return wav


class ToyCodecPipeline:
    """Two codebooks of 16 levels a sample: the sign's and the size's share of it."""

    rate, frame_rate, codebooks, codebook_size = 16_000, 16_000.0, 2, LEVELS

    @classmethod
    def load(cls, folder: Path, device: object = "cpu") -> ToyCodecPipeline:
        load_network(folder)
        return cls()

    def encode(self, wav: Waveform, rate: int, codebooks: int | None = None) -> Codes:
        scaled = (resample(wav, rate, self.rate).clip(-1, 1) + 1) / 2 * (LEVELS**2 - 1)
        coarse, fine = np.divmod(scaled.round().astype(np.int64), LEVELS)
        return np.stack([coarse, fine][: codebooks or 2])

    def decode(self, codes: Codes) -> Waveform:
        fine = codes[1] if len(codes) > 1 else np.full_like(codes[0], LEVELS // 2)
        wav: Waveform = ((codes[0] * LEVELS + fine) / (LEVELS**2 - 1) * 2 - 1).astype(np.float32)
        return wav


class ToyAudioControls(Controls):
    pitch: float = Field(440.0, ge=20, le=4000, description="Hz of the tone")


class ToyAudioPipeline:
    rate = 8_000

    @classmethod
    def load(cls, folder: Path, device: object = "cpu") -> ToyAudioPipeline:
        return cls()

    def tta(self, caption: str, seconds: float | None, controls: ToyAudioControls) -> Waveform:
        time = np.arange(int((seconds or 1.0) * self.rate)) / self.rate
        return (0.5 * np.sin(2 * np.pi * controls.pitch * time)).astype(np.float32)


def card(
    task: str, pipeline: str, experiment: str = "ToyExperiment", controls: str | None = None
) -> SystemCard:
    part = Part(name="net", config=f"{HERE}:{experiment}", network=f"{HERE}:ToyVocoder")
    return SystemCard(
        name=f"toy_{task}",
        task=task,
        summary="a toy",
        paper="none",
        weights_licence="none",
        parts=(part,),
        pipeline=pipeline,
        controls=controls,
    )


CARDS = (
    card("vocoder", "hiervox.models.base.pipelines.vocoder:MelVocoderPipeline", "ToyVocoderExperiment"),
    card("codec", f"{HERE}:ToyCodecPipeline"),
    card("tta", f"{HERE}:ToyAudioPipeline", controls=f"{HERE}:ToyAudioControls"),
)


@contextmanager
def registered(*cards: SystemCard) -> Iterator[None]:
    """Toys among the systems, for a while."""
    for one in cards:
        SYSTEMS.add(one)
    try:
        yield
    finally:
        for one in cards:
            SYSTEMS.remove(one.name)


def write_toy(folder: Path, task: str, network: nn.Module | None = None) -> Path:
    """A checkpoint of a toy of a task; one seed, always the same weights."""
    torch.manual_seed(0)
    folder.mkdir(parents=True)
    network = network or ToyVocoder(ToyConfig())
    save_weights(folder, network.state_dict(), {"system": f"toy_{task}", "part": "net", "model": {}})
    return folder

"""Latent diffusion of a size for tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import nn

from hiervox.models.base.checkpoints.checkpoint import save_weights
from hiervox.models.base.data.batch import Batch
from hiervox.models.tta._latent.autoencoder import MelAutoencoder, MelAutoencoderSizes
from hiervox.models.tta._latent.diffusion import LatentDiffusion, LatentDiffusionSizes
from hiervox.models.tta.picoaudio.network import PicoAudio, PicoAudioSizes

RATE = 16_000
SAMPLES = 32 * 256
"""Of an example: 32 frames, four places of a latent."""
MEL = {"preset": "audioldm", "n_mels": 16}
AUTOENCODER: dict[str, Any] = {
    "n_mels": 16,
    "channels": 8,
    "multipliers": (1, 1, 2),
    "n_blocks": 1,
    "latent_channels": 4,
    "attention": False,
    "n_groups": 4,
}
UNET: dict[str, Any] = {
    "channels": 8,
    "multipliers": (1, 2),
    "n_blocks": 1,
    "attention": (False, True),
    "n_heads": (2, 2),
    "context_channels": 8,
    "n_groups": 4,
}
DIFFUSION: dict[str, Any] = {
    "latent_channels": 4,
    "latent_bins": 4,
    "latent_places": 8,
    "unet": {**UNET, "vector_channels": 8},
    "captions": {
        "kind": "words",
        "n_rows": 64,
        "channels": 8,
        "layers": {"filter_channels": 8, "n_heads": 2, "n_layers": 1, "kernel_size": 1, "dropout": 0.0},
    },
}
EVENTS = ("bell", "rain", "dog barking")
PICO: dict[str, Any] = {**DIFFUSION, "unet": UNET, "events": EVENTS, "n_rows": 4}
PARTS = {"autoencoder": AUTOENCODER, "diffusion": DIFFUSION}


def experiment_tree(system: str, part: str, model: dict[str, Any], **more: Any) -> dict[str, Any]:
    """An experiment of one part."""
    data = {"cuts": "unused", "segment_samples": SAMPLES, **more.pop("data", {})}
    tree = {"system": system, "part": part, "out_dir": "unused", "data": data, "mel": MEL, "model": model}
    return {**tree, **more}


def batch() -> Batch:
    """Two sounds, one shorter than an example."""
    times = torch.arange(SAMPLES) / RATE
    wav = torch.stack([torch.sin(2 * torch.pi * 440 * times), torch.sin(2 * torch.pi * 2000 * times)])
    return {
        "ids": ["low", "high"],
        "wav": 0.5 * wav[:, : SAMPLES - 256],
        "frames": torch.tensor([31, 31]),
        "caption": ["a low tone", "a high tone"],
        "timing": ["bell__0.05-0.3", "rain__0.1-0.2--dog barking__0.2-0.4"],
    }


def write_audioldm(folder: Path) -> None:
    """A bundle with random weights."""
    torch.manual_seed(0)
    _write(folder, "audioldm", "autoencoder", MelAutoencoder(MelAutoencoderSizes(**AUTOENCODER)), AUTOENCODER)
    network = LatentDiffusion(LatentDiffusionSizes.model_validate(DIFFUSION))
    _write(folder, "audioldm", "diffusion", network, DIFFUSION)


def write_picoaudio(folder: Path, events: tuple[str, ...] = EVENTS) -> None:
    """A bundle with random weights."""
    torch.manual_seed(0)
    autoencoder = MelAutoencoder(MelAutoencoderSizes(**AUTOENCODER))
    _write(folder, "picoaudio", "autoencoder", autoencoder, AUTOENCODER)
    model = {**PICO, "events": events}
    network = PicoAudio(PicoAudioSizes.model_validate(model))
    _write(folder, "picoaudio", "diffusion", network, model)


def _write(folder: Path, system: str, part: str, network: nn.Module, model: dict[str, Any]) -> None:
    for module in network.modules():  # what begins at 0 would hide the rest
        if isinstance(module, nn.Conv2d | nn.Linear) and not module.weight.any():
            nn.init.normal_(module.weight, std=0.1)
    (folder / part).mkdir(parents=True)
    save_weights(folder / part, network.state_dict(), experiment_tree(system, part, model))

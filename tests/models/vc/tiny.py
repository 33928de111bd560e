"""Networks of a size for tests, batches for their trainers, and content vectors that need no weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from hiervox.models.base.data.batch import Batch
from hiervox.models.vc._diffusion.network import F0_PER_FRAME
from hiervox.processors.audio import HOP_LENGTH
from hiervox.processors.pitch import normalise_f0
from hiervox.processors.semantic import SemanticConfig
from hiervox.processors.spectrogram import SpectrogramConfig, log_mel

CONTENT = 16
MEL = {"n_mels": 16}
FEATURES = {"semantic": {"name": "tiny"}, "pitch": {"method": "dio"}}
UNET = {
    "channels": 8,
    "multipliers": [1, 2],
    "condition_channels": 8,
    "n_heads": 1,
    "head_channels": 8,
    "n_groups": 2,
}
SIZES: dict[str, Any] = {
    "semantic_channels": CONTENT,
    "mel_channels": 16,
    "style_channels": 16,
    "style": {"hidden_channels": 16, "dropout": 0.0},
    "prior": {"hidden_channels": 16, "n_layers": 2},
    "unet": UNET,
    "rates": {"last": 2.0},  # the published ones would multiply the noise of random weights
}
QUANTIZER = {"channels": 8, "n_residual": 2, "dimension": 8, "n_entries": 4}


class Energies:
    """Content vectors: the energy of bands of 1250 Hz, 50 frames a second."""

    def extract(self, wav: Tensor) -> Tensor:
        """(B, T) at 16 kHz → (B, CONTENT, T / 320)."""
        config = SpectrogramConfig(n_mels=CONTENT)
        return log_mel(wav, config)


def tiny_content(config: SemanticConfig, device: Any) -> Energies:
    """Takes the place of `build_semantic_extractor`."""
    return Energies()


def contours(frames: int = 32) -> Tensor:
    """F0 (2, 4 * frames) in Hz, rising and falling, the ends unvoiced."""
    time = torch.linspace(0, 1, F0_PER_FRAME * frames)
    f0 = torch.stack([120 + 60 * time, 260 - 80 * time])
    f0[:, : F0_PER_FRAME * 4] = 0
    f0[:, -F0_PER_FRAME * 4 :] = 0
    return f0


def batch(frames: int = 32) -> Batch:
    """Two buzzes, the second shorter, with content that is told apart by their spectra."""
    f0 = contours(frames)
    lengths = torch.tensor([frames, frames - 6])
    f0[1, F0_PER_FRAME * (frames - 6) :] = 0
    phase = torch.cumsum(f0.repeat_interleave(HOP_LENGTH // F0_PER_FRAME, 1) / 16_000, 1)
    harmonics = sum(torch.sin(2 * torch.pi * number * phase) / number for number in range(1, 8))
    wav = 0.1 * torch.as_tensor(harmonics)
    return {
        "ids": ["long", "short"],
        "mel": log_mel(wav, SpectrogramConfig(n_mels=16)),
        "semantic_perturbed": Energies().extract(wav),
        "f0": f0,
        "normalised_f0": torch.from_numpy(np.stack([normalise_f0(curve) for curve in f0.numpy()])),
        "frames": lengths,
    }


def mean_of(history: Sequence[Mapping[str, float]], name: str) -> float:
    """Mean of a loss over steps: those of diffusions are at random times."""
    return sum(terms[name] for terms in history) / len(history)

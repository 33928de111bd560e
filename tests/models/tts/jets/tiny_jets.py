"""A network of a size for tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from hiervox.models.base.checkpoints.checkpoint import save_weights
from hiervox.models.tts.jets.config import JetsConfig
from hiervox.models.tts.jets.network import Jets

HOP_LENGTH = 16
MEL = {"preset": "hifigan", "n_fft": 64, "win_length": 64, "hop_length": HOP_LENGTH, "n_mels": 10}


def sizes(voice: str = "none", **more: Any) -> dict[str, Any]:
    """The `model` section."""
    transformer = {"n_layers": 1, "filter_channels": 8, "kernel_sizes": [3, 1], "dropout": 0.0}
    tree: dict[str, Any] = {
        "n_mels": 10,
        "mel_channels": 10,
        "channels": 8,
        "style_channels": 8,
        "voice": voice,
        "speakers": ["ada", "bob"] if voice == "table" else [],
        "encoder": transformer,
        "decoder": transformer,
        "predictor": {"filter_channels": 8, "dropout": 0.0},
        "statistics_batches": 2,
        "generator": {
            "in_channels": 8,
            "initial_channels": 16,
            "rates": [4, 4],
            "kernel_sizes": [8, 8],
            "block_kernel_sizes": [3],
            "block_dilations": [[1]],
        },
        "reference": {"hidden_channels": 8},
        "segment_frames": 8,
    }
    return tree | more


def tiny_jets(voice: str = "none", **more: Any) -> Jets:
    """With random weights; tokens last a few frames, and their pitch is a voice's."""
    torch.manual_seed(11)
    network = Jets(JetsConfig.model_validate(sizes(voice, **more)))
    with torch.no_grad():
        network.adaptor.duration_predictor.projection.bias.fill_(1.5)
        for variance, mean, std in ((network.adaptor.pitch, 200.0, 20.0), (network.adaptor.energy, 5.0, 1.0)):
            variance.statistics.mean.fill_(mean)
            variance.statistics.std.fill_(std)
            variance.statistics.seen.fill_(2)
        network.generator.output.parametrizations.weight.original0 *= 20  # loud enough for the checks
    return network.eval()


def write_jets(folder: Path, voice: str = "none", **more: Any) -> None:
    """A checkpoint."""
    folder.mkdir(parents=True, exist_ok=True)
    tree = {"system": "jets", "part": "jets", "model": sizes(voice, **more), "mel": MEL}
    save_weights(folder, tiny_jets(voice, **more).state_dict(), tree)

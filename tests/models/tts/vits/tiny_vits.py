"""A network of a size for tests."""

from __future__ import annotations

from typing import Any

import torch

from hiervox.models.tts.vits.config import VitsConfig
from hiervox.models.tts.vits.network import Vits

HOP_LENGTH = 16


FOURIER_DECODER: dict[str, Any] = {
    "kind": "vocos",
    "in_channels": 8,
    "channels": 8,
    "hidden_channels": 8,
    "n_blocks": 1,
}
FOURIER_DECODER |= {"n_fft": 64, "hop_length": HOP_LENGTH}


def sizes(voice: str = "none", **more: Any) -> dict[str, Any]:
    """The `model` section."""
    tree: dict[str, Any] = {
        "n_bins": 33,
        "channels": 8,
        "voice": voice,
        "speakers": ["ada", "bob"] if voice == "table" else [],
        "style_channels": 6,
        "mel_channels": 10,
        "text_encoder": {"filter_channels": 16, "n_layers": 2},
        "posterior": {"n_layers": 2},
        "flow": {"n_layers": 1, "n_couplings": 2},
        "duration": {"filter_channels": 8, "n_couplings": 2},
        "decoder": {
            "in_channels": 8,
            "initial_channels": 16,
            "rates": [4, 4],
            "kernel_sizes": [8, 8],
            "block_kernel_sizes": [3],
            "block_dilations": [[1]],
            "condition_channels": 0 if voice == "none" else 6,
        },
        "reference": {"hidden_channels": 8},
        "segment_frames": 4,
    }
    return tree | more


def tiny_vits(voice: str = "none", **more: Any) -> Vits:
    """With random weights, also where training starts from zeros."""
    torch.manual_seed(11)
    network = Vits(VitsConfig.model_validate(sizes(voice, **more)))
    for parameter in network.parameters():
        if not parameter.any():
            torch.nn.init.normal_(parameter, std=0.05)
    return network.eval()

"""A network of a size for tests."""

from __future__ import annotations

from typing import Any

import torch

from hiervox.models.tts.hierspeech.config import HierSpeechConfig
from hiervox.models.tts.hierspeech.network import HierSpeech
from tests.models.tts.vits.tiny_vits import sizes as vits_sizes

RATE, HOP_LENGTH = 1600, 32
SEMANTIC = 5
MEL = {
    "sample_rate": RATE,
    "n_fft": 64,
    "win_length": 64,
    "hop_length": HOP_LENGTH,
    "n_mels": 10,
    "f_max": 800.0,
}


def sizes(voice: str = "none", **more: Any) -> dict[str, Any]:
    """The `model` section."""
    linguistic = {"linguistic": {"n_layers": 2}, "acoustic_flow": {"n_layers": 1, "n_couplings": 2}}
    tree = vits_sizes(voice) | {"semantic_channels": SEMANTIC} | linguistic
    tree["decoder"] |= {"rates": [8, 4], "kernel_sizes": [16, 8]}
    return tree | more


def tiny_hierspeech(voice: str = "none", **more: Any) -> HierSpeech:
    """With random weights, also where training starts from zeros."""
    torch.manual_seed(11)
    network = HierSpeech(HierSpeechConfig.model_validate(sizes(voice, **more)))
    for parameter in network.parameters():
        if not parameter.any():
            torch.nn.init.normal_(parameter, std=0.05)
    return network.eval()

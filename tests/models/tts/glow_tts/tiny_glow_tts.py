"""A network of a size for tests."""

from __future__ import annotations

from typing import Any

import torch

from hiervox.models.tts._flow.config import FlowModelConfig
from hiervox.models.tts._flow.network import FlowTextToFrames

HOP_LENGTH = 16
MEL = {"preset": "tacotron", "n_fft": 64, "win_length": 64, "hop_length": HOP_LENGTH, "n_mels": 10}


def sizes(voice: str = "none", **more: Any) -> dict[str, Any]:
    """The `model` section."""
    tree: dict[str, Any] = {
        "frame_channels": 10,
        "channels": 8,
        "voice": voice,
        "speakers": ["ada", "bob"] if voice == "table" else [],
        "style_channels": 6,
        "text_encoder": {"filter_channels": 16, "n_layers": 1, "prenet_layers": 2},
        "duration": {"filter_channels": 8},
        "flow": {"n_blocks": 2, "hidden_channels": 8, "n_layers": 2},
        "reference": {"hidden_channels": 8},
    }
    return tree | more


def tiny_glow_tts(voice: str = "none", **more: Any) -> FlowTextToFrames:
    """With random weights, also where training starts from zeros."""
    torch.manual_seed(11)
    network = FlowTextToFrames(FlowModelConfig.model_validate(sizes(voice, **more)))
    for parameter in network.parameters():
        if not parameter.any():
            torch.nn.init.normal_(parameter, std=0.05)
    return network.eval()

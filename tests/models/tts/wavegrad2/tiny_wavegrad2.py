"""A network of a size for tests."""

from __future__ import annotations

from typing import Any

import torch

from hiervox.models.tts.wavegrad2.config import WaveGrad2Config
from hiervox.models.tts.wavegrad2.networks.wavegrad2 import WaveGrad2

HOP_LENGTH, RATE = 16, 8000
MEL = {"preset": "wavegrad", "sample_rate": RATE, "n_fft": 64, "win_length": 64, "hop_length": HOP_LENGTH}
MEL |= {"n_mels": 10, "f_max": 4000.0}


def sizes(voice: str = "none", **more: Any) -> dict[str, Any]:
    """The `model` section."""
    tree: dict[str, Any] = {
        "sample_rate": RATE,
        "voice": voice,
        "speakers": ["ada", "bob"] if voice == "table" else [],
        "style_channels": 6,
        "mel_channels": 10,
        "reference": {"hidden_channels": 8},
        "text_encoder": {"channels": 8},
        "resampling": {"duration_channels": 6, "range_channels": 4, "n_layers": 1},
        "decoder": {
            "in_channels": 8 if voice == "none" else 14,
            "mel_channels": 16,
            "rates": [4, 4],
            "channels": [16, 8],
            "dilations": [[1, 2, 4, 8], [1, 2, 1, 2]],
            "wave_channels": [8, 16],
        },
        "segment_frames": 20,
        "sampling_steps": 3,
    }
    return tree | more


def tiny_wavegrad2(voice: str = "none", **more: Any) -> WaveGrad2:
    """With random weights, and durations of some 60 ms a token."""
    torch.manual_seed(11)
    network = WaveGrad2(WaveGrad2Config.model_validate(sizes(voice, **more)))
    predictor = network.duration_predictor
    with torch.no_grad():
        predictor.projection.weight.fill_(0.006)
        for name, parameter in predictor.recurrent.named_parameters():
            if "bias_ih" in name:
                parameter.fill_(2.0)
    return network.eval()

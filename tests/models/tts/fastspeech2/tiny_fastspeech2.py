"""A network of a size for tests."""

from __future__ import annotations

from typing import Any

import torch

from hiervox.models.tts.fastspeech2.config import FastSpeech2Config
from hiervox.models.tts.fastspeech2.network import FastSpeech2

HOP_LENGTH = 64
MEL = {"preset": "hifigan", "n_fft": 256, "win_length": 256, "hop_length": HOP_LENGTH, "n_mels": 20}


def sizes(voice: str = "none", **more: Any) -> dict[str, Any]:
    """The `model` section."""
    transformer = {"n_layers": 1, "filter_channels": 32, "kernel_sizes": [3, 1], "dropout": 0.0}
    tree: dict[str, Any] = {
        "n_mels": 20,
        "channels": 16,
        "voice": voice,
        "speakers": ["ada", "bob"] if voice == "table" else [],
        "style_channels": 16,
        "mel_channels": 20,
        "reference": {"hidden_channels": 8},
        "encoder": transformer,
        "decoder": transformer,
        "predictor": {"filter_channels": 16, "dropout": 0.0},
        "post_net_channels": 16,
    }
    return tree | more


def tiny_fastspeech2(voice: str = "none", **more: Any) -> FastSpeech2:
    """With random weights, a few frames to a token, and statistics of a voice."""
    torch.manual_seed(11)
    network = FastSpeech2(FastSpeech2Config.model_validate(sizes(voice, **more)))
    with torch.no_grad():
        network.adaptor.duration_predictor.projection.bias.fill_(2.2)
        network.projection.bias.fill_(-4.0)  # not too loud
    for name, mean, std in (("pitch", 200.0, 40.0), ("energy", 30.0, 10.0)):
        statistics = getattr(network.adaptor, name).statistics
        statistics.mean.fill_(mean)
        statistics.std.fill_(std)
        statistics.seen.fill_(1)
    return network.eval()

"""A network of a size for tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from hiervox.models.base.checkpoints.checkpoint import save_weights
from hiervox.models.tts.matcha_tts.config import MatchaConfig
from hiervox.models.tts.matcha_tts.networks.matcha_tts import MatchaTts
from hiervox.models.vocoder.training import build_network
from tests.models.vocoder.small import MODELS, experiment

HOP_LENGTH = 16
MEL = {"preset": "hifigan", "n_fft": 64, "win_length": 64, "hop_length": HOP_LENGTH, "n_mels": 10}


def sizes(voice: str = "none", **more: Any) -> dict[str, Any]:
    """The `model` section."""
    tree: dict[str, Any] = {
        "mel_channels": 10,
        "channels": 16,
        "voice": voice,
        "speakers": ["ada", "bob"] if voice == "table" else [],
        "style_channels": 8,
        "text_encoder": {"filter_channels": 16, "n_layers": 1, "prenet_layers": 1},
        "duration": {"filter_channels": 16},
        "decoder": {"channels": [16, 16], "n_middle": 1, "head_channels": 8},
        "reference": {"hidden_channels": 8},
    }
    return tree | more


def tiny_matcha_tts(voice: str = "none", **more: Any) -> MatchaTts:
    """With random weights, also where training starts from zeros; a token lasts about four frames."""
    torch.manual_seed(11)
    network = MatchaTts(MatchaConfig.model_validate(sizes(voice, **more)))
    for parameter in network.parameters():
        if not parameter.any():
            torch.nn.init.normal_(parameter, std=0.05)
    torch.nn.init.constant_(network.duration_predictor.projection.bias, 1.3)
    return network.eval()


def write_matcha_tts(folder: Path, voice: str = "none") -> None:
    """A bundle of the acoustic model and a vocoder."""
    acoustic, vocoder = folder / "acoustic", folder / "vocoder"
    acoustic.mkdir(parents=True)
    vocoder.mkdir()
    tree = {"system": "matcha_tts", "part": "matcha_tts", "model": sizes(voice), "mel": MEL}
    save_weights(acoustic, tiny_matcha_tts(voice).state_dict(), tree)
    torch.manual_seed(0)
    config = experiment("hifigan", mel=MEL, model={**MODELS["hifigan"], "in_channels": MEL["n_mels"]})
    save_weights(vocoder, build_network(config).state_dict(), config.model_dump(mode="json"))

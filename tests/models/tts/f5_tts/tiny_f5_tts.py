"""A network of a size for tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from hiervox.models.base.checkpoints.checkpoint import save_weights
from hiervox.models.tts.f5_tts.config import F5TtsExperiment
from hiervox.models.tts.f5_tts.networks.f5_tts import F5Tts
from hiervox.models.vocoder.training import build_network
from tests.models.vocoder.small import MODELS, experiment

RATE, HOP_LENGTH = 24_000, 256
MEL = {"preset": "f5_tts", "n_mels": 10}
SYMBOLS = " abcdefghijklmnopqrstuvwxyzT.,!'"
MODEL: dict[str, Any] = {
    "mel_channels": 10,
    "channels": 32,
    "n_layers": 2,
    "n_heads": 2,
    "head_channels": 8,
    "filter_channels": 32,
    "dropout": 0.0,
    "text": {"channels": 16, "n_blocks": 1},
}


def tree(written: bool = False, **sections: Any) -> dict[str, Any]:
    """A config; `written` makes a model that reads letters."""
    given: dict[str, Any] = {"system": "f5_tts", "part": "f5_tts", "mel": MEL, **sections}
    given["model"] = {**MODEL, **sections.get("model", {})}
    if written:
        given["features"] = {"characters": {"symbols": SYMBOLS}}
    return given


def tiny_experiment(written: bool = False, **sections: Any) -> F5TtsExperiment:
    """The config with its data."""
    data = {"out_dir": "unused", "data": {"cuts": "unused"}}
    return F5TtsExperiment.model_validate({**tree(written, **sections), **data})


def tiny_f5_tts(written: bool = False, **model: Any) -> F5Tts:
    """With random weights, also where training starts from zeros."""
    torch.manual_seed(3)
    network = F5Tts(tiny_experiment(written, model=model).model)
    for parameter in network.parameters():
        if not parameter.any():
            torch.nn.init.normal_(parameter, std=0.05)
    return network.eval()


def write_f5_tts(folder: Path, written: bool = False, **model: Any) -> None:
    """A bundle of the network and a vocoder."""
    acoustic, vocoder = folder / "f5_tts", folder / "vocoder"
    acoustic.mkdir(parents=True)
    vocoder.mkdir()
    save_weights(acoustic, tiny_f5_tts(written, **model).state_dict(), tree(written, model=model))
    torch.manual_seed(0)
    sizes = {**MODELS["vocos"], "in_channels": MEL["n_mels"], "hop_length": HOP_LENGTH, "n_fft": 1024}
    config = experiment("vocos", mel={"preset": "vocos", "n_mels": 10}, model=sizes)
    save_weights(vocoder, build_network(config).state_dict(), config.model_dump(mode="json"))

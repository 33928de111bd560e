"""Both parts at a size for tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from hiervox.models.base.checkpoints.checkpoint import save_weights
from hiervox.models.tts._flow.network import FlowTextToFrames
from hiervox.models.tts.glow_wavegan.config import LatentFlowModelConfig, WaveGanConfig
from hiervox.models.tts.glow_wavegan.network import WaveGan
from tests.models.tts.glow_tts.tiny_glow_tts import HOP_LENGTH, sizes

LATENT = 6
MEL = {"preset": "hifigan", "n_fft": 64, "win_length": 64, "hop_length": HOP_LENGTH, "n_mels": 10}
PITCH = {"method": "dio", "hop_seconds": HOP_LENGTH / 22_050}
WAVEGAN: dict[str, Any] = {
    "latent_channels": LATENT,
    "encoder": {"channels": 4, "block_kernel_sizes": [3], "block_dilations": [1]},
    "decoder": {
        "in_channels": LATENT,
        "initial_channels": 16,
        "rates": [4, 4],
        "kernel_sizes": [8, 8],
        "block_kernel_sizes": [3],
        "block_dilations": [[1]],
    },
    "pitch": {"filter_channels": 8},
}


def flow_sizes(voice: str = "none") -> dict[str, Any]:
    """The flow's `model` section."""
    return sizes(voice, frame_channels=LATENT)


def tiny_wavegan() -> WaveGan:
    """With random weights, loud enough for the checks."""
    torch.manual_seed(12)
    network = WaveGan(WaveGanConfig.model_validate(WAVEGAN))
    with torch.no_grad():
        network.decoder.output.parametrizations.weight.original0 *= 15
    return network.eval()


def tiny_flow(voice: str = "none") -> FlowTextToFrames:
    """With random weights, also where training starts from zeros."""
    torch.manual_seed(11)
    network = FlowTextToFrames(LatentFlowModelConfig.model_validate(flow_sizes(voice)))
    for parameter in network.parameters():
        if not parameter.any():
            torch.nn.init.normal_(parameter, std=0.05)
    return network.eval()


def write_wavegan(folder: Path) -> Path:
    """A checkpoint of the autoencoder."""
    folder.mkdir(parents=True)
    tree = {"system": "glow_wavegan", "part": "wavegan", "model": WAVEGAN, "mel": MEL}
    save_weights(folder, tiny_wavegan().state_dict(), {**tree, "features": {"pitch": PITCH}})
    return folder


def write_glow_wavegan(folder: Path, voice: str = "none") -> None:
    """A bundle of both parts."""
    write_wavegan(folder / "wavegan")
    (folder / "flow").mkdir()
    tree = {"system": "glow_wavegan", "part": "flow", "model": flow_sizes(voice), "mel": MEL}
    save_weights(folder / "flow", tiny_flow(voice).state_dict(), tree)

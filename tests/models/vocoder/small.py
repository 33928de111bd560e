"""Every vocoder at a size that a test can train."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hiervox.models.base.registry import get_part
from hiervox.models.vocoder.config import VocoderExperiment
from hiervox.utils.registry import resolve

HOP, MELS, RATE = 16, 8, 8000
MEL = {"sample_rate": RATE, "n_fft": 64, "win_length": 64, "hop_length": HOP, "n_mels": MELS, "f_max": 4000}
UPSAMPLING: dict[str, Any] = {
    "in_channels": MELS,
    "initial_channels": 16,
    "rates": [8, 2],
    "kernel_sizes": [16, 4],
    "block_kernel_sizes": [3],
    "block_dilations": [[1, 3]],
}
STFT = {"n_fft": 64, "hop_length": HOP}
DISCRIMINATORS = {"period": {"type": "multi_period", "periods": [2], "channels": [4, 4]}}

MODELS: dict[str, dict[str, Any]] = {
    "apnet": {
        **STFT,
        "in_channels": MELS,
        "channels": 16,
        "win_length": 64,
        "block_kernel_sizes": [3],
        "block_dilations": [[1, 3]],
    },
    "bigvgan": {**UPSAMPLING, "activation": "alias_free_snake", "output": "clamp"},
    "diffwave": {
        "in_channels": MELS,
        "channels": 8,
        "n_layers": 4,
        "dilation_cycle": 2,
        "rates": [4, 4],
        "sampling_betas": [0.01, 0.3],
    },
    "hifigan": UPSAMPLING,
    "istftnet": {**UPSAMPLING, "rates": [4], "kernel_sizes": [8], "n_fft": 16, "stft_hop_length": 4},
    "melgan": {"in_channels": MELS, "initial_channels": 16, "rates": [8, 2], "dilations": [1, 3]},
    "nsf_hifigan": {**UPSAMPLING, "sample_rate": RATE, "overtones": 2},
    "univnet": {
        "in_channels": MELS,
        "noise_channels": 4,
        "channels": 8,
        "rates": [4, 4],
        "dilations": [1, 3],
        "predictor_channels": 8,
    },
    "vocos": {**STFT, "in_channels": MELS, "channels": 16, "hidden_channels": 32, "n_blocks": 2},
    "wavegrad": {
        "in_channels": MELS,
        "mel_channels": 16,
        "rates": [4, 4],
        "channels": [16, 8],
        "dilations": [[1, 2, 1, 2], [1, 2, 4, 8]],
        "wave_channels": [8, 16],
        "sampling_steps": 2,
    },
    "waveglow": {
        "in_channels": MELS,
        "hop_length": HOP,
        "upsampling_kernel": 64,
        "n_flows": 3,
        "early_every": 2,
        "channels": 16,
        "n_layers": 2,
    },
    "wavenet": {
        "in_channels": MELS,
        "rates": [4, 4],
        "n_layers": 4,
        "n_stacks": 2,
        "channels": 8,
        "gate_channels": 16,
        "skip_channels": 8,
        "components": 2,
    },
    "wavernn": {
        "in_channels": MELS,
        "rates": [4, 4],
        "channels": 16,
        "linear_channels": 16,
        "residual_channels": 8,
        "n_blocks": 1,
        "auxiliary_channels": 8,
        "components": 2,
    },
}
GAN = ("apnet", "bigvgan", "hifigan", "istftnet", "melgan", "nsf_hifigan", "univnet", "vocos")


def experiment(system: str, cuts: Path | str = "", **sections: Any) -> VocoderExperiment:
    """A validated experiment; `sections` are laid over the small ones."""
    tree: dict[str, Any] = {
        "system": system,
        "part": system,
        "out_dir": "run",
        "data": {"cuts": str(cuts), "dev_size": 2},
        "model": MODELS[system],
        "mel": {"preset": "tacotron" if system == "waveglow" else "hifigan", **MEL},
        "train": {"batch_size": 2, "workers": 0},
    }
    if system == "univnet":  # the largest transform of its losses has 2048 samples
        tree["data"]["segment_samples"] = 2048
    if system in ("vocos", "apnet"):
        tree["mel"]["framing"] = "centered"
    if system in GAN:
        tree["discriminators"] = DISCRIMINATORS
    if system == "nsf_hifigan":
        tree["features"] = {"pitch": {"method": "dio", "hop_seconds": HOP / RATE}}
    config: VocoderExperiment = resolve(get_part(system, system).config).model_validate({**tree, **sections})
    return config

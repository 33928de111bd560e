"""The pass that `hiervox benchmark bigvgan` times."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from hiervox.models.vocoder.workloads import vocoder_workload

BASE: dict[str, Any] = {
    "resblock": "1",
    "upsample_rates": [8, 8, 2, 2],
    "upsample_kernel_sizes": [16, 16, 4, 4],
    "upsample_initial_channel": 512,
    "resblock_kernel_sizes": [3, 7, 11],
    "resblock_dilation_sizes": [[1, 3, 5]] * 3,
    "activation": "snakebeta",
    "snake_logscale": True,
    "num_mels": 100,
    "n_fft": 1024,
    "hop_size": 256,
    "win_size": 1024,
    "sampling_rate": 24000,
    "fmin": 0,
    "fmax": 12000,
}
"""`configs/bigvgan_base_24khz_100band.json` of github.com/NVIDIA/BigVGAN."""


def _published(folder: Path) -> tuple[nn.Module, Callable[[Tensor], Tensor]]:
    network = import_module("bigvgan").BigVGAN(import_module("env").AttrDict(BASE)).eval()
    return network, network


WORKLOADS = (vocoder_workload("base", "bigvgan", _published, BASE, (100, 256, 24_000)),)

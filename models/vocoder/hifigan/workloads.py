"""The pass that `hiervox benchmark hifigan` times."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from hiervox.models.vocoder.workloads import vocoder_workload

V1: dict[str, Any] = {
    "resblock": "1",
    "upsample_rates": [8, 8, 2, 2],
    "upsample_kernel_sizes": [16, 16, 4, 4],
    "upsample_initial_channel": 512,
    "resblock_kernel_sizes": [3, 7, 11],
    "resblock_dilation_sizes": [[1, 3, 5]] * 3,
    "num_mels": 80,
    "n_fft": 1024,
    "hop_size": 256,
    "win_size": 1024,
    "sampling_rate": 22050,
    "fmin": 0,
    "fmax": 8000,
}
"""`config_v1.json` of github.com/jik876/hifi-gan."""


def _published(folder: Path) -> tuple[nn.Module, Callable[[Tensor], Tensor]]:
    network = import_module("models").Generator(import_module("env").AttrDict(V1)).eval()
    return network, network


WORKLOADS = (vocoder_workload("v1", "hifigan", _published, V1, (80, 256, 22_050)),)

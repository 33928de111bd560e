"""The pass that `hiervox benchmark bigvgan` times."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from hiervox.models.vocoder._gan.published import COMMON_CONFIG
from hiervox.models.vocoder.workloads import vocoder_workload

BASE: dict[str, Any] = {
    **COMMON_CONFIG,
    "activation": "snakebeta",
    "snake_logscale": True,
    "num_mels": 100,
    "sampling_rate": 24000,
    "fmin": 0,
    "fmax": 12000,
}
"""`configs/bigvgan_base_24khz_100band.json` of github.com/NVIDIA/BigVGAN."""


def _published(folder: Path) -> tuple[nn.Module, Callable[[Tensor], Tensor]]:
    network = import_module("bigvgan").BigVGAN(import_module("env").AttrDict(BASE)).eval()
    return network, network


WORKLOADS = (vocoder_workload("base", "bigvgan", _published, BASE, (100, 256, 24_000)),)

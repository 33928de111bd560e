"""The pass that `hiervox benchmark hifigan` times."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from hiervox.models.vocoder._gan.published import COMMON_CONFIG
from hiervox.models.vocoder.workloads import vocoder_workload

V1: dict[str, Any] = {
    **COMMON_CONFIG,
    "num_mels": 80,
    "sampling_rate": 22050,
    "fmin": 0,
    "fmax": 8000,
}
"""`config_v1.json` of github.com/jik876/hifi-gan."""


def _published(folder: Path) -> tuple[nn.Module, Callable[[Tensor], Tensor]]:
    network = import_module("models").Generator(import_module("env").AttrDict(V1)).eval()
    return network, network


WORKLOADS = (vocoder_workload("v1", "hifigan", _published, V1, (80, 256, 22_050)),)

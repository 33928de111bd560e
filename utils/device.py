"""The one `device` argument."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from hiervox.utils.errors import ConfigError

if TYPE_CHECKING:
    import torch


def choose_device(name: str = "auto") -> torch.device:
    """`auto` is CUDA where there is one, else the CPU; any other name is torch's own (`cpu`, `cuda:1`, …).

    Raises:
        ConfigError: the name is no device, or the device is not there.
    """
    import torch

    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise ConfigError(f"no device {name!r}", "use auto, cpu or cuda") from error
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise ConfigError(f"no device {name!r} on this machine", "use --device cpu or --device auto")
    return device


def device_of_process(name: str = "auto") -> torch.device:
    """As `choose_device`; of the processes that `accelerate launch` starts, each gets a GPU of its own.

    Raises:
        ConfigError: as `choose_device`.
    """
    import torch

    chosen = choose_device(name)
    if chosen.type == "cuda" and chosen.index is None and "LOCAL_RANK" in os.environ:
        return torch.device("cuda", int(os.environ["LOCAL_RANK"]) % torch.cuda.device_count())
    return chosen

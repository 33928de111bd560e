"""The one `device` argument."""

from __future__ import annotations

from typing import TYPE_CHECKING

from utils.errors import ConfigError

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

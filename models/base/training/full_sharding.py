"""Weights, gradients and optimizer state that processes share out among them (FSDP 2, arXiv 2304.11277).

By torch's `fully_shard` itself: accelerate 1.15 leaves its plugin out, without a word, where processes train
on the CPU, so that no test could see it at work.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from hiervox.models.base.config import TrainConfig
from hiervox.models.base.training.named_modules import chosen_modules
from hiervox.utils.errors import ConfigError

FSDP = "fsdp2"


def require_shardable(train: TrainConfig, phases: Sequence[str]) -> None:
    """Refuse what is not trained in shares.

    Raises:
        ConfigError: `train.strategy` is `fsdp2`, and there are several networks, or a key that does not go
            with it; or it is not, and `train.shard_modules` is set.
    """
    if train.strategy != FSDP:
        if train.shard_modules:
            raise ConfigError(
                "train.shard_modules is of train.strategy fsdp2", "set the strategy, or leave it out"
            )
        return
    if len(phases) > 1:
        raise ConfigError(
            f"train.strategy fsdp2 trains one network, and here are {len(phases)} ({', '.join(phases)})",
            "use ddp",
        )
    unfit = {
        "train.ema_decay": train.ema_decay is not None,
        "train.freeze": bool(train.freeze),
        "train.compile": bool(train.compile),
        "train.precision fp16": train.precision == "fp16",
    }
    if given := [key for key, is_set in unfit.items() if is_set]:
        raise ConfigError(f"{given[0]} does not go with train.strategy fsdp2", "leave it out, or use ddp")


def shard_network(network: nn.Module, names: Sequence[str], device: torch.device) -> None:
    """Leave this process its share of each weight.

    Args:
        network: on its device, with the same weights in every process.
        names: modules whose weights are gathered on their own, when they are called; each of a list on its
            own. All others are gathered for the whole pass.
        device: that it trains on.

    Raises:
        ConfigError: there is no such module.
    """
    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.fsdp import fully_shard

    mesh = init_device_mesh(device.type, (torch.distributed.get_world_size(),))
    for module in chosen_modules(network, names, "train.shard_modules"):
        fully_shard(module, mesh=mesh)
    fully_shard(network, mesh=mesh)


def whole_tensors(tensors: Mapping[str, Tensor], keep: bool) -> dict[str, Tensor]:
    """Tensors put together from all processes' shares, one after the other; every process calls it.

    Args:
        tensors: shared out or not.
        keep: whether this process wants them; else nothing is returned.
    """
    found = {}
    for name, tensor in tensors.items():
        whole = whole_tensor(tensor)
        if keep:
            found[name] = whole if whole is tensor else whole.cpu()
    return found


def whole_tensor(tensor: Tensor) -> Tensor:
    """A tensor put together from all processes' shares; every process calls it."""
    shared: Any = tensor
    whole: Tensor = shared.full_tensor() if hasattr(tensor, "full_tensor") else tensor
    return whole


def shared_like(tensors: Mapping[str, Tensor], present: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Tensors shared out as those of the same name and shape are; every process calls it with all of them."""
    return {name: _shared_like(tensor, present.get(name)) for name, tensor in tensors.items()}


def _shared_like(tensor: Tensor, present: Tensor | None) -> Tensor:
    mesh = getattr(present, "device_mesh", None)
    if mesh is None or present is None or tensor.shape != present.shape:
        return tensor
    from torch.distributed.tensor import distribute_tensor

    shared: Any = present
    return distribute_tensor(tensor.to(shared.device), mesh, shared.placements)

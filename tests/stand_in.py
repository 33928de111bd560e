"""Weights that anyone can rebuild: each tensor of a state dict is a function of its name and shape."""

from __future__ import annotations

import math
import zlib
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor, nn

STATISTICS = ("running_mean", "running_var")
NORMS = frozenset({"weight_g", "original0"})
SMALL = frozenset({"bias", "beta", "alpha", "logs", "running_mean"})


def stand_in(name: str, shape: Sequence[int], salt: int = 0) -> Tensor:
    """The float32 tensor of a parameter.

    Standard normal noise, seeded with the name's CRC-32 and the salt, is scaled by what the last part of the
    name says that the parameter is: scales are about 1, norms of filters about 0.5, biases about 0, and other
    weights have half of the variance-preserving deviation.

    Args:
        name: in the state dict.
        shape: of the tensor.
        salt: selects another set of weights.
    """
    rng = np.random.default_rng([zlib.crc32(name.encode()), salt])
    values = rng.standard_normal(tuple(shape)).astype(np.float32)
    noise = torch.from_numpy(values)
    last = name.rpartition(".")[2]
    if last in NORMS:
        return (0.5 + 0.05 * noise).abs()
    if last == "running_var":
        return (1 + 0.1 * noise).abs()
    if last == "gamma" or (last == "weight" and len(shape) == 1):
        return 1 + 0.1 * noise
    if last == "m":  # the offset of a duration flow: phonemes of a few frames
        return -1.2 + 0.3 * noise
    if last in SMALL or len(shape) < 2:
        return 0.05 * noise
    deviation = np.sqrt(np.float64(math.prod(shape[1:])))
    return torch.from_numpy((0.5 * values / deviation).astype(np.float32))


def stand_ins(spec: Mapping[str, Sequence[int]], salt: int = 0) -> dict[str, Tensor]:
    """Name → tensor of a spec, which is name → shape."""
    return {name: stand_in(name, shape, salt) for name, shape in spec.items()}


def spec_of(network: nn.Module) -> dict[str, list[int]]:
    """Name → shape of a network's parameters and batch norms' statistics; other buffers keep their values."""
    filled = {name for name, _ in network.named_parameters()}
    return {
        name: list(tensor.shape)
        for name, tensor in network.state_dict().items()
        if name in filled or name.endswith(STATISTICS)
    }

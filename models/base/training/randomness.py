"""Random states: one seed for a run, and parts of it that must not disturb the rest."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor


def seed_everything(seed: int) -> None:
    """Seed Python, numpy and torch on all devices."""
    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.manual_seed(seed)


@contextmanager
def undisturbed_randomness(seed: int | None = None) -> Iterator[None]:
    """Leave every random state as it was when the block began; with `seed`, the block starts from it."""
    python_state, numpy_state = random.getstate(), np.random.get_state()
    devices = range(torch.cuda.device_count()) if torch.cuda.is_initialized() else ()
    with torch.random.fork_rng(devices=list(devices)):
        try:
            if seed is not None:
                seed_everything(seed)
            yield
        finally:
            random.setstate(python_state)
            np.random.set_state(numpy_state)


def random_states(device: torch.device) -> dict[str, Tensor]:
    """The states of Python's, numpy's and torch's generators, as tensors.

    Args:
        device: where this process trains.
    """
    _, words, gauss = random.getstate()
    _, keys, *position = np.random.get_state()
    states = {
        "python": torch.tensor(words),
        "python_gauss": torch.tensor([] if gauss is None else [gauss], dtype=torch.float64),
        "numpy": torch.from_numpy(np.asarray(keys).astype(np.int64)),
        "numpy_position": torch.tensor(position, dtype=torch.float64),
        "torch": torch.get_rng_state(),
    }
    if device.type in ("cuda", "mps"):
        states[device.type] = getattr(torch, device.type).get_rng_state()
    return states


def restore_random_states(states: Mapping[str, Tensor], device: torch.device) -> None:
    """Go on from what `random_states` returned.

    Raises:
        KeyError, TypeError, ValueError, RuntimeError: the tensors are not such states.
    """
    gauss = states["python_gauss"].tolist()
    position, has_gauss, cached = states["numpy_position"].tolist()
    keys = states["numpy"].numpy().astype(np.uint32)
    random.setstate((3, tuple(states["python"].tolist()), gauss[0] if gauss else None))
    np.random.set_state(("MT19937", keys, int(position), int(has_gauss), cached))
    torch.set_rng_state(states["torch"])
    if device.type in ("cuda", "mps"):
        getattr(torch, device.type).set_rng_state(states[device.type])

"""How a network goes from frames to samples: what it computes at each resolution in time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.modules.module import register_module_forward_hook

from hiervox.models.base.pipelines.trace import Sound, Stage

LEAST_RATE = 4000
"""Hz from which on what is computed can be heard."""
MOST_COLUMNS = 1500
"""Of a picture; of more, every so many are left out."""
PEAK = 0.5
SERIES = "resolutions"
NOTE = (
    "The last activations of the network at each resolution in time, a row for each channel. The sound is "
    "their first principal component, where there are enough values a second to be heard."
)


def resolution_stages(make: Callable[[], Sound], frames: int, seconds: float) -> Iterator[Stage]:
    """what the networks behind a sound compute at each resolution, from the lowest on.

    Args:
        make: the sound.
        frames: of what goes in.
        seconds: that they last.
    """
    with _last_by_length(frames) as found:
        make()
    for length, activations in sorted(found.items()):
        values = activations[0].float().cpu().numpy()
        rate = round(length / seconds)
        name = f"{length // frames} to a frame, {rate} Hz"
        step = -(-length // MOST_COLUMNS)
        sound = None if rate < LEAST_RATE else (_principal_component(values), rate)
        yield Stage(name, "matrix", values[:, ::step], seconds, sound=sound, series=SERIES, note=NOTE)


@contextmanager
def _last_by_length(frames: int) -> Iterator[dict[int, Tensor]]:
    """The last output (1, C, N) of any module for each length that is a multiple of `frames`."""
    found: dict[int, Tensor] = {}

    def note(module: nn.Module, given: Any, output: Any) -> None:
        is_sequence = isinstance(output, Tensor) and output.dim() == 3 and output.shape[0] == 1
        if is_sequence and output.shape[1] > 1 and output.shape[2] % frames == 0 and output.shape[2]:
            found[output.shape[2]] = output.detach()

    hook = register_module_forward_hook(note)
    try:
        yield found
    finally:
        hook.remove()


def _principal_component(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """The first principal component (N,) of channels (C, N) over time, at half of full scale."""
    centred = torch.from_numpy(values - values.mean(1, keepdims=True))
    _, vectors = torch.linalg.eigh(centred @ centred.T)
    wav: NDArray[np.float32] = (vectors[:, -1] @ centred).numpy()
    return wav * np.float32(PEAK / max(np.abs(wav).max(), 1e-9))

"""Times of the solver: sway sampling (F5-TTS, arXiv 2410.06885, section 3.3), and steps made by hand."""

from __future__ import annotations

import math

import torch
from torch import Tensor

FINEST = 32
PRUNED = {
    5: (0, 2, 4, 8, 16, 32),
    6: (0, 2, 4, 6, 8, 16, 32),
    7: (0, 2, 4, 6, 8, 16, 24, 32),
    10: (0, 2, 4, 6, 8, 12, 16, 20, 24, 28, 32),
    12: (0, 2, 4, 6, 8, 10, 12, 14, 16, 20, 24, 28, 32),
    16: (0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 20, 24, 28, 32),
}
"""Number of steps → their ends, in parts of `FINEST`: the published choice for few steps."""


def sampling_times(steps: int, sway: float | None = None, pruned: bool = True) -> Tensor:
    """From 0 to 1, (steps + 1,).

    Args:
        steps: of the solver.
        sway: -1 to 2 / (π - 2); under 0, steps are closer at the beginning, where text and prompt count most
            (equation 7). None leaves them as they are.
        pruned: whether `PRUNED` takes the place of even steps.
    """
    ends = PRUNED.get(steps) if pruned else None
    if ends is None:
        times = torch.linspace(0, 1, steps + 1)
    else:
        times = torch.tensor(ends, dtype=torch.float32) / FINEST
    if sway is None:
        return times
    return times + sway * (torch.cos(math.pi / 2 * times) - 1 + times)

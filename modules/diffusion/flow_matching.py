"""Conditional flow matching with optimal-transport paths (Lipman et al., arXiv 2210.02747), and solvers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Literal

import torch
from torch import Tensor

from hiervox.modules.diffusion.trajectory import last_state

LEAST_STD = 1e-4
"""Standard deviation around the target at the path's end (Matcha-TTS, arXiv 2309.03199, section 2.1)."""

Solver = Literal["euler", "midpoint"]
Velocity = Callable[[Tensor, Tensor], Tensor]
"""State (B, ...) and time (B,) to the state's derivative."""


def probability_path(
    noise: Tensor, target: Tensor, time: Tensor, least_std: float = LEAST_STD
) -> tuple[Tensor, Tensor]:
    """A place on the straight path from noise to target, and the velocity there (equations 21 and 23).

    Args:
        noise, target: (B, ...).
        time: (B,), 0 to 1.
        least_std: share of the noise that is left at the path's end; 0 ends at the target itself.

    Returns:
        state and velocity, (B, ...) each.
    """
    at = time.reshape(-1, *(1,) * (target.dim() - 1))
    return (1 - (1 - least_std) * at) * noise + at * target, target - (1 - least_std) * noise


def integrate(velocity: Velocity, state: Tensor, times: Tensor, solver: Solver = "euler") -> Tensor:
    """Follow the flow through `times` (steps + 1,), in either direction.

    Args:
        velocity: see `Velocity`; it is asked once a step by "euler", twice by "midpoint".
        state: (B, ...) at the first time.
        times: on the state's device.
        solver: "euler", of first order, or "midpoint", of second.

    Returns:
        (B, ...) at the last time.
    """
    return last_state("flow", _states(velocity, state, times, solver))


def _states(velocity: Velocity, state: Tensor, times: Tensor, solver: Solver) -> Iterator[Tensor]:
    """The state at each of `times`."""
    yield state
    for start, end in pairwise(times):
        step = end - start
        slope = velocity(state, start.expand(len(state)))
        if solver == "midpoint":
            slope = velocity(state + step / 2 * slope, (start + step / 2).expand(len(state)))
        state = state + step * slope
        yield state


def even_times(steps: int, device: torch.device) -> Tensor:
    """From 0 to 1 in `steps` equal steps, (steps + 1,)."""
    return torch.linspace(0, 1, steps + 1, device=device)

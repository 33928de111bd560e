"""Diffusion of latents by a score or by straight paths, and their ordinary differential equations."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor

from hiervox.modules.diffusion.flow_matching import Solver, integrate

Form = Literal["score", "flow"]
BETA_MIN, BETA_MAX = 0.05, 20.0
"""Noise rates at the ends (Grad-TTS, arXiv 2105.06337, section 4)."""
LEAST_VARIANCE = 1e-8
EDGE = 1e-5
"""Times that training leaves out at both ends."""

Drift = Callable[[Tensor, Tensor], Tensor]
"""(x (B, D, T), time (B,)) → dx / dt."""


def kept(time: Tensor) -> Tensor:
    """The share of clean variance, ᾱ: times (B,) → (B, 1, 1)."""
    integral = BETA_MIN * time + 0.5 * (BETA_MAX - BETA_MIN) * time.square()
    return torch.exp(-integral)[:, None, None]


def noisy(clean: Tensor, noise: Tensor, time: Tensor, form: Form) -> Tensor:
    """Latents (B, D, T) at times (B,)."""
    if form == "flow":
        share = time[:, None, None]
        return (1 - share) * clean + share * noise
    share = kept(time)
    return clean * share.sqrt() + noise * (1 - share).sqrt()


def noise_of(x: Tensor, clean: Tensor, time: Tensor) -> Tensor:
    """The noise that latents would hold if the clean ones were these: (B, D, T), of the score form."""
    share = kept(time)
    return (x - clean * share.sqrt()) / (1 - share).sqrt()


def drift_of(predicted: Tensor, x: Tensor, time: Tensor, form: Form) -> Tensor:
    """dx / dt where the network predicts clean latents (score), or the velocity itself (flow)."""
    if form == "flow":
        return predicted
    share = kept(time)
    rate = (BETA_MIN + (BETA_MAX - BETA_MIN) * time)[:, None, None]
    score = (predicted * share.sqrt() - x) / (1 - share + LEAST_VARIANCE)
    return -0.5 * rate * (x + score)


def solve(x: Tensor, drift: Drift, steps: int, solver: Solver = "euler", start: float = 1.0) -> Tensor:
    """Latents from a time down to 0.

    Euler's method takes the drift at the middle of each step's time, as published. The midpoint method takes
    it at the middle of the way as well; the published one looks back there, to the time it comes from.

    Args:
        x: (B, D, T) at `start`.
        drift: of the equation.
        steps: as many evaluations of the drift, or twice as many of the midpoint method.
        solver: the method.
        start: time of `x`.
    """
    times = torch.linspace(start, 0, steps + 1, device=x.device, dtype=x.dtype)
    if solver == "midpoint":
        return integrate(lambda state, time: drift(state, time.clamp(max=1 - EDGE)), x, times, solver)
    half = 0.5 * start / steps
    return integrate(lambda state, time: drift(state, time - half), x, times)


def frequency_of(f0: Tensor, lowest: float) -> Tensor:
    """log F0, that of unvoiced frames at the lowest: Hz of any shape."""
    return f0.clamp_min(lowest).log()


def log_edges(lowest: float, highest: float, count: int) -> Tensor:
    """(count,) edges of bins that are even in log Hz."""
    return torch.linspace(math.log(lowest), math.log(highest), count, device="cpu").exp()

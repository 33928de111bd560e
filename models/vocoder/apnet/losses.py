"""Losses of predicted amplitude and phase spectra (APNet, arXiv 2305.07952; APNet2, arXiv 2311.11545)."""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

AMPLITUDE_FLOOR = 1e-5
"""Added to the amplitude before its logarithm, as published."""

PhaseLoss = Literal["cosine", "anti_wrapped"]


def phase_distance(difference: Tensor, kind: PhaseLoss) -> Tensor:
    """Mean distance of angles that differ by `difference` radians, whole turns not counted.

    Args:
        difference: of any shape.
        kind: `cosine` is the mean of the negative cosine (APNet); `anti_wrapped` that of the distance to the
            nearest whole turn (APNet2).
    """
    if kind == "cosine":
        return -difference.cos().mean()
    return (difference - 2 * math.pi * torch.round(difference / (2 * math.pi))).abs().mean()


def phase_losses(fake: Tensor, real: Tensor, kind: PhaseLoss) -> dict[str, Tensor]:
    """Distances of the phases, and of their differences along frequency and time.

    Args:
        fake, real: (B, bins, N), radians.
        kind: see `phase_distance`.

    Returns:
        `instantaneous_phase`, `group_delay` and `time_difference`. As published, the first bin and the first
        frame are compared with 0.
    """
    difference = fake - real
    return {
        "instantaneous_phase": phase_distance(difference, kind),
        "group_delay": phase_distance(_differences(difference.mT).mT, kind),
        "time_difference": phase_distance(_differences(difference), kind),
    }


def _differences(x: Tensor) -> Tensor:
    return functional.pad(x, (1, 0)).diff(dim=-1)


def log_amplitude(spectrum: Tensor) -> Tensor:
    """Complex (B, bins, N) → log amplitude of the same shape."""
    return (spectrum.abs() + AMPLITUDE_FLOOR).log()


def consistency_loss(predicted: Tensor, resynthesized: Tensor) -> Tensor:
    """Mean squared distance of a predicted spectrum and that of the waveform it gives.

    Args:
        predicted, resynthesized: complex (B, bins, N).
    """
    return (predicted - resynthesized).abs().square().mean()


def spectrum_losses(fake: Tensor, real: Tensor) -> dict[str, Tensor]:
    """`real_part` and `imaginary_part`: mean absolute distances of complex (B, bins, N) spectra."""
    return {
        "real_part": functional.l1_loss(fake.real, real.real),
        "imaginary_part": functional.l1_loss(fake.imag, real.imag),
    }

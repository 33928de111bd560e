"""Agreement with golden tensors, as ../shared/parity/README.md defines it."""

from __future__ import annotations

import torch
from torch import Tensor

TOLERANCE = 1e-3


def relative_error(actual: Tensor, golden: Tensor) -> float:
    """Largest absolute difference divided by the golden tensor's standard deviation.

    A tensor of another shape, or one that is not finite, is infinitely wrong.
    """
    if actual.shape != golden.shape or not torch.isfinite(actual).all():
        return float("inf")
    difference = (actual.double() - golden.double()).abs().max()
    return float(difference / golden.double().std())

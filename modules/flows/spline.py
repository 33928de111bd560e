"""Monotonic rational-quadratic splines (Durkan et al., Neural Spline Flows, arXiv 1906.04032)."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F

# The smallest bin and slope of the reference implementation of Neural Spline Flows, which VITS kept.
MIN_BIN_SIZE = 1e-3
MIN_DERIVATIVE = 1e-3
IDENTITY_DERIVATIVE = math.log(math.expm1(1 - MIN_DERIVATIVE))


def rational_quadratic_spline(
    inputs: Tensor,
    widths: Tensor,
    heights: Tensor,
    derivatives: Tensor,
    tail_bound: float,
    inverse: bool = False,
) -> tuple[Tensor, Tensor]:
    """Map each input through its own monotonic spline on [-tail_bound, tail_bound]; identity outside.

    Computed in float32 whatever the inputs are, because the bins are differences of cumulative sums.

    Args:
        inputs: (...).
        widths, heights: (..., K) unnormalised sizes of the K bins.
        derivatives: (..., K - 1) unnormalised slopes at the inner knots; the outer two are 1.
        tail_bound: half of the interval on which the spline differs from the identity.
        inverse: whether to invert the map (section 3.1, eq. 6 to 8) instead.

    Returns:
        outputs (...) and the logarithm of the absolute derivative (...) of the map that was applied.
    """
    inputs = inputs.float()
    x_knots = _knots(widths.float(), tail_bound)
    y_knots = _knots(heights.float(), tail_bound)
    slopes = MIN_DERIVATIVE + F.softplus(F.pad(derivatives.float(), (1, 1), value=IDENTITY_DERIVATIVE))

    inside = (inputs >= -tail_bound) & (inputs <= tail_bound)
    clamped = inputs.clamp(-tail_bound, tail_bound)  # keeps the untaken branch finite, hence its gradient too
    inner_knots = (y_knots if inverse else x_knots)[..., 1:-1]
    bins = (clamped.unsqueeze(-1) >= inner_knots).sum(-1, keepdim=True)

    x_left, width = _edge_and_size(x_knots, bins)
    y_left, height = _edge_and_size(y_knots, bins)
    slope_left = slopes.gather(-1, bins).squeeze(-1)
    slope_right = slopes.gather(-1, bins + 1).squeeze(-1)
    mean_slope = height / width
    curvature = slope_left + slope_right - 2 * mean_slope

    if inverse:
        rise = clamped - y_left
        a = height * (mean_slope - slope_left) + rise * curvature
        b = height * slope_left - rise * curvature
        c = -mean_slope * rise
        position = 2 * c / (-b - torch.sqrt((b.square() - 4 * a * c).clamp_min(0)))
    else:
        position = (clamped - x_left) / width
    product = position * (1 - position)
    denominator = mean_slope + curvature * product
    log_derivative = 2 * torch.log(mean_slope / denominator) + torch.log(
        slope_right * position.square() + 2 * mean_slope * product + slope_left * (1 - position).square()
    )
    if inverse:
        outputs = x_left + position * width
        log_derivative = -log_derivative
    else:
        outputs = y_left + height * (mean_slope * position.square() + slope_left * product) / denominator
    return torch.where(inside, outputs, inputs), torch.where(inside, log_derivative, 0.0)


def _knots(sizes: Tensor, tail_bound: float) -> Tensor:
    """The K + 1 knots from K unnormalised bin sizes."""
    n_bins = sizes.size(-1)
    fractions = MIN_BIN_SIZE + (1 - MIN_BIN_SIZE * n_bins) * F.softmax(sizes, dim=-1)
    inner = tail_bound * (2 * torch.cumsum(fractions[..., :-1], dim=-1) - 1)
    return F.pad(F.pad(inner, (1, 0), value=-tail_bound), (0, 1), value=tail_bound)


def _edge_and_size(knots: Tensor, bins: Tensor) -> tuple[Tensor, Tensor]:
    left = knots.gather(-1, bins).squeeze(-1)
    right = knots.gather(-1, bins + 1).squeeze(-1)
    return left, right - left

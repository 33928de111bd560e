"""Minimal filtering: a convolution with fewer multiplications than outputs times taps.

Winograd's F(n, r) computes n outputs of a filter of r taps with n + r - 1 products of transformed inputs and
transformed taps (Lavin and Gray, arXiv 1509.09308, section 4.1); the transforms follow from as many points at
which polynomials are evaluated, infinity being the last.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from numpy.polynomial import polynomial
from torch import Tensor

POINTS = (1.0, 0.0, -1.0, 2.0, -2.0, 0.5, -0.5)
"""In the order in which they are taken; the first is 1, at which a constant of every output is added."""


@dataclass(frozen=True)
class Tiling:
    """How a filter is computed in tiles.

    Attributes:
        least_channels: below which the transforms cost what they save.
        outputs: n, of a tile.
        taps: r, of each of the parts that the filter is cut into.
        parts: their number; with more than one, n equals r, so that all parts see the same tiles.
    """

    least_channels: int
    outputs: int
    taps: int
    parts: int = 1

    @property
    def points(self) -> int:
        """Samples that a tile sees, and products for its outputs."""
        return self.outputs + self.taps - 1


TILINGS = {3: Tiling(256, 4, 3), 5: Tiling(128, 4, 5), 7: Tiling(128, 4, 4, 2), 11: Tiling(128, 4, 4, 3)}
"""By the number of taps. With up to eight points float32 keeps about five digits."""


@cache
def transforms(outputs: int, taps: int) -> tuple[Tensor, Tensor, Tensor]:
    """Of F(n, r) with p = n + r - 1 points, float64.

    Returns:
        of the samples (p, p), of the taps (p, r) and of the products (n, p): the outputs are the third times
        the product of the other two, applied to p samples and to the taps.
    """
    finite = np.array(POINTS[: outputs + taps - 2])
    of_samples = np.zeros((len(finite) + 1, len(finite) + 1))
    of_taps, of_products = np.zeros((len(finite) + 1, taps)), np.zeros((outputs, len(finite) + 1))
    for row, point in enumerate(finite):
        others = np.delete(finite, row)
        scale = np.prod(point - others)
        of_samples[row, : len(finite)] = polynomial.polyfromroots(others)
        of_taps[row] = point ** np.arange(taps) / scale
        of_products[:, row] = point ** np.arange(outputs)
    of_samples[-1] = polynomial.polyfromroots(finite)
    of_taps[-1, -1] = of_products[-1, -1] = 1
    matrices = (torch.from_numpy(matrix) for matrix in (of_samples, of_taps, of_products))
    first, second, third = matrices
    return first, second, third


def transformed_taps(weight: Tensor, tiling: Tiling) -> Tensor:
    """(C', C, k) → (points, C', C, parts), of the same dtype."""
    missing = tiling.taps * tiling.parts - weight.shape[-1]
    parts = torch.nn.functional.pad(weight, (0, missing)).unflatten(-1, (tiling.parts, tiling.taps))
    matrix = transforms(tiling.outputs, tiling.taps)[1].to(weight.dtype)
    return (matrix @ parts.reshape(-1, tiling.taps).T).view(-1, *parts.shape[:-1])

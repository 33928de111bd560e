"""How Kokoro runs on a CPU: instance norm and Snake in two compiled passes, channels side by side."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache, partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from hiervox.models.tts.kokoro.networks.adaptive import SnakeInstanceNorm
from hiervox.models.tts.kokoro.networks.prosody import ProsodyPredictor
from hiervox.modules.kernels.compiled import announced, compiled, made_or_none, run_shares
from hiervox.modules.kernels.rules import Setting, replaces, stays_in_float32
from hiervox.modules.kernels.sine_fits import COSINE, ROUNDER
from hiervox.utils.logging import get_logger

Array = NDArray[Any]
Passes = tuple[Callable[..., None], Callable[..., None]]
"""`moments` and `scale_and_snake`, compiled."""

LEAST_SAMPLES_A_THREAD = 512
ROWS = 128
"""Samples that are summed in float32 before the sums go to float64."""
_PI_HIGH, _PI_MIDDLE = np.float32(3.140625), np.float32(9.670257568359375e-4)
_PI_LOW = np.float32(math.pi - 3.140625 - 9.670257568359375e-4)
_INVERSE_PI, _ROUNDER = np.float32(1 / math.pi), np.float32(ROUNDER)
_C0, _C2, _C4, _C6, _C8, _C10 = (np.float32(value) for value in COSINE)

_log = get_logger("kokoro")

stays_in_float32(ProsodyPredictor)  # F0 is summed up to phases


def moments(x: Array, sums: Array, squares: Array, first: int, last: int) -> None:
    """Add the sums of channels and of their squares, less those of the first sample, over some chunks.

    Args:
        x: (T, C), contiguous.
        sums, squares: (chunks, C), float64; chunk c has the samples from `ROWS` · c on.
        first, last: chunks.
    """
    samples, channels = x.shape
    part, part_squared = np.empty(channels, np.float32), np.empty(channels, np.float32)
    for chunk in range(first, last):
        part[:] = 0
        part_squared[:] = 0
        for t in range(chunk * ROWS, min(samples, (chunk + 1) * ROWS)):
            for c in range(channels):
                value = x[t, c] - x[0, c]
                part[c] += value
                part_squared[c] += value * value
        for c in range(channels):
            sums[chunk, c] = part[c]
            squares[chunk, c] = part_squared[c]


def scale_and_snake(
    x: Array, scale: Array, offset: Array, alpha: Array, magnitude: Array, y: Array, first: int, last: int
) -> None:
    """y = z + magnitude · sin²(αz) with z = scale · x + offset; sin² is (1 - cos 2αz) / 2.

    Args:
        x, y: (T, C), contiguous.
        scale, offset, alpha, magnitude: (C,)
        first, last: samples.
    """
    for t in range(first, last):
        for c in range(x.shape[1]):
            z = scale[c] * x[t, c] + offset[c]
            angle = alpha[c] * z
            multiple = (angle * _INVERSE_PI + _ROUNDER) - _ROUNDER
            rest = ((angle - multiple * _PI_HIGH) - multiple * _PI_MIDDLE) - multiple * _PI_LOW
            square = rest * rest
            cosine = _C0 + square * (_C2 + square * (_C4 + square * (_C6 + square * (_C8 + square * _C10))))
            y[t, c] = z + magnitude[c] * (1 - cosine * cosine)


class FusedSnakeNorm(nn.Module):
    """What `SnakeInstanceNorm` computes of one item, whose channels lie side by side in the result.

    Args:
        norm: its layers are kept.
        passes: of `passes`.
    """

    def __init__(self, norm: SnakeInstanceNorm, passes: Passes) -> None:
        super().__init__()
        self.style, self.norm, self.snake = norm.norm.style, norm.norm.norm, norm.snake
        self._moments, self._scale_and_snake = passes
        alpha = self.snake.alpha.detach()
        self._alpha, self._magnitude = alpha.numpy().copy(), self.snake.magnitude().detach().numpy().copy()

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        """(1, C, T), style (1, S) → (1, C, T)."""
        samples = x[0].mT.contiguous()
        scale, offset = self._scale_and_offset(samples, style)
        y = torch.empty_like(samples)
        arrays = [each.numpy() for each in (samples, scale, offset)]
        run_shares(
            partial(self._scale_and_snake, *arrays, self._alpha, self._magnitude, y.numpy()),
            len(samples),
            _threads(len(samples)),
        )
        return y.mT[None]

    def _scale_and_offset(self, samples: Tensor, style: Tensor) -> tuple[Tensor, Tensor]:
        """Of norm and style together, (C,) each."""
        length, channels = samples.shape
        chunks = -(-length // ROWS)
        sums, squares = torch.empty(2, chunks, channels, dtype=torch.float64)
        moments = partial(self._moments, samples.numpy(), sums.numpy(), squares.numpy())
        run_shares(moments, chunks, _threads(length))
        mean = sums.sum(0) / length
        variance = squares.sum(0) / length - mean.square()
        factor = self.norm.weight.double() * (variance + self.norm.eps).rsqrt()
        shift = self.norm.bias.double() - (mean + samples[0].double()) * factor
        by_style, added = self.style(style)[0].double().chunk(2)
        return ((1 + by_style) * factor).float(), ((1 + by_style) * shift + added).float()


def _threads(samples: int) -> int:
    return min(torch.get_num_threads(), max(1, samples // LEAST_SAMPLES_A_THREAD))


@cache
def passes() -> Passes | None:
    """The compiled passes, tried once; None, with one line in the log, where numba can't be had."""
    return made_or_none(_try_passes, _log, "norms run step by step, which is slower: numba is of no use here")


def _try_passes() -> Passes:
    x, channel, sums = np.zeros((1, 1), np.float32), np.ones(1, np.float32), np.zeros((1, 1))
    made = compiled(moments), compiled(scale_and_snake)
    with announced(_log, "preparing Kokoro's norms for this processor"):
        made[0](x, sums, sums.copy(), 0, 1)
        made[1](x, channel, channel, channel, channel, x.copy(), 0, 1)
    return made


@replaces(SnakeInstanceNorm)
def _fused(norm: SnakeInstanceNorm, setting: Setting) -> nn.Module | None:
    weight = norm.norm.norm.weight
    if setting.trains or weight.device.type != "cpu" or weight.dtype != torch.float32:
        return None
    made = passes()
    return None if made is None else FusedSnakeNorm(norm, made)

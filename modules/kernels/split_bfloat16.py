"""Convolutions in three passes of bfloat16 with results in float32, for CPUs that multiply tiles of it (AMX).

A number of float32 is the sum of two of bfloat16 within 2⁻¹⁷ of itself. With weights W = W₁ + W₂ and samples
x = x₁ + x₂, W₁x₁ + W₁x₂ + W₂x₁ added up in float32 lacks W₂x₂ alone: results agree with float32 within some
2e-5 of their standard deviation. Such CPUs multiply bfloat16 more than ten times as fast as float32.
"""

from __future__ import annotations

from functools import cache, partial
from types import ModuleType

import torch
from torch import Tensor
from torch.nn import functional as F

from hiervox.modules.kernels.compiled import announced, made_or_none, run_shares
from hiervox.utils.logging import get_logger

SIDE, PAIR = 32, 2
"""Channels of a block of weights, and bfloat16 that AMX multiplies at once."""
LEAST_PRODUCTS_A_THREAD = 1 << 22
TOLERANCE = 1e-4
"""Of the standard deviation, in the check before first use."""

_log = get_logger("split_bfloat16")


@cache
def kernels() -> ModuleType | None:
    """The compiled convolution; None without AMX or, with one line in the log, where numba is of no use."""
    supported = getattr(torch.cpu, "_is_amx_tile_supported", bool)
    if not supported() or not torch.cpu._init_amx():
        return None
    instead = "convolutions run in float32, which is slower: numba is of no use here"
    return made_or_none(_checked_kernels, _log, instead)


def _checked_kernels() -> ModuleType:
    notice = announced(_log, "preparing convolutions for this processor")
    with notice, torch.inference_mode(), torch.autocast("cpu", enabled=False):
        from hiervox.modules.kernels import convolution_amx

        if not convolution_amx.compiles_for_amx():
            raise RuntimeError("it compiles for another CPU")
        _require_agreement(convolution_amx)
    return convolution_amx


def _require_agreement(compiled: ModuleType) -> None:
    """Refuse to convolve otherwise than PyTorch does.

    Raises:
        RuntimeError: a small convolution comes out otherwise.
    """
    samples = torch.arange(40 * 48.0).sin().view(1, 40, 48)
    weight, bias = torch.arange(56 * 48 * 3.0).cos().view(56, 48, 3), torch.arange(56.0)
    expected = F.conv1d(samples.mT, weight, bias, padding=1).mT
    actual = SplitBfloat16(compiled, weight, bias, padding=1)(samples)
    if not (actual - expected).abs().max() < TOLERANCE * expected.std():
        raise RuntimeError("it computes something else")


class SplitBfloat16:
    """A convolution, or for one tap a linear layer.

    Args:
        compiled: of `kernels`.
        weight: (C', C, k)
        bias: (C',) or None.
        padding, stride, dilation: as `nn.Conv1d`'s.
    """

    def __init__(
        self,
        compiled: ModuleType,
        weight: Tensor,
        bias: Tensor | None,
        padding: int = 0,
        stride: int = 1,
        dilation: int = 1,
    ) -> None:
        self._convolve = compiled.convolve
        self._outputs, self._taps = weight.shape[0], weight.shape[2]
        self._padding, self._stride, self._dilation = padding, stride, dilation
        self._weights = packed_parts(weight.detach().float()).view(torch.int16).numpy().view("uint16")
        self._bias = torch.zeros(self._weights.shape[0] * SIDE).numpy()
        if bias is not None:
            self._bias[: len(bias)] = bias.detach().float().numpy()

    def __call__(self, samples: Tensor) -> Tensor:
        """(B, T, C), contiguous → (B, T', C'), contiguous."""
        shape = samples.shape
        pointwise = self._taps == self._stride == 1 and self._padding == 0
        if pointwise:
            samples = samples.view(1, -1, shape[-1])
        span = self._dilation * (self._taps - 1)
        count = (samples.shape[1] + 2 * self._padding - span - 1) // self._stride + 1
        y = samples.new_empty(samples.shape[0], count, self._outputs)
        if y.numel():
            self._run(samples, y)
        return y.view(*shape[:-1], self._outputs) if pointwise else y

    def _run(self, samples: Tensor, y: Tensor) -> None:
        """Share the work out by output channels or, where that is more even, by time."""
        arrays = samples.detach().numpy(), self._weights, self._bias, y.numpy()
        convolve = partial(self._convolve, *arrays, self._padding, self._stride, self._dilation)
        count, panels = y.shape[1], len(self._weights)
        blocks = -(-count // SIDE)
        products = y.numel() * self._taps * samples.shape[-1]
        threads = min(torch.get_num_threads(), max(1, products // LEAST_PRODUCTS_A_THREAD))
        if panels > blocks:
            run_shares(lambda first, last: convolve(0, count, first, last), panels, threads)
        else:
            run_shares(
                lambda first, last: convolve(SIDE * first, min(SIDE * last, count), 0, panels),
                blocks,
                threads,
            )


def packed_parts(weight: Tensor) -> Tensor:
    """Both parts of a weight (C', C, k) float32 → (C' / 32, k, C / 32, 2048) bfloat16, channels padded.

    2048 are the high and the low part, two tiles of 16 output channels each, of 16 pairs of input channels by
    16 output channels by 2.
    """
    missing = (-weight.shape[1]) % SIDE, (-weight.shape[0]) % SIDE
    weight = F.pad(weight, (0, 0, 0, missing[0], 0, missing[1]))
    high = weight.bfloat16()
    parts = torch.stack([high, (weight - high.float()).bfloat16()])
    outputs, inputs, taps = weight.shape
    tiles = parts.view(2, outputs // SIDE, 2, SIDE // 2, inputs // SIDE, SIDE // PAIR, PAIR, taps)
    return (
        tiles.permute(1, 7, 4, 0, 2, 5, 3, 6).reshape(outputs // SIDE, taps, inputs // SIDE, -1).contiguous()
    )

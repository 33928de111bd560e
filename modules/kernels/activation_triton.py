"""Passes of an alias-free Snake activation on a GPU; for `fused_activation`: importing this imports Triton.

The phases and their edges are those of `activation_numba`. A lane works on `RUN` samples of one row in order
and holds in registers what the filters reach, so that only x and y (and gradients) travel to memory. Threads
read neighbouring samples and hand them to the lanes they belong to, and the same on the way back. The phases
are kept at half their level; what comes out is doubled instead.

Backward, the first and the last value of the activated signal get what its repetitions beyond the ends would
get. With h the taps and g the gradient by y, that comes to Σ_m g[m] Σ h[0 … 4 - 2m] for even[0] and to
Σ_m g[T - 1 - m] Σ h[7 + 2m … 11] for odd[T - 1]; likewise, phase by phase, for x[0] and x[T - 1].
"""

# Kernels are in the part of Python that Triton compiles: its annotations, no unpacking of tuples.
# ruff: noqa: RUF005, SIM108
# mypy: disable-error-code="no-untyped-def, misc, assignment"
from __future__ import annotations

import math
import os
from typing import Any

import torch
import triton
import triton.language as tl
from torch import Tensor
from triton.language.extra import libdevice

from hiervox.modules.kernels.sine_fits import COSINE, ROUNDER, SINE

FORWARD = (16, 64, 2)
"""Samples of a lane (`RUN`, a power of two from 8 on), lanes of a program, and its warps."""
BACKWARD = (16, 64, 2)
GRAIN = 8
"""Samples in 16 bytes of 16 bits each: if T is a multiple, threads read and write so much at once."""
HARDWARE = torch.version.cuda is not None and os.environ.get("TRITON_INTERPRET") != "1"
"""Whether sines are NVIDIA's approximations, which Triton's interpreter does not know."""
UNSPECIALIZED = ("lanes", "chunks", "channels", "grains")
"""Arguments for whose properties no kernels of their own are compiled."""

# Triton's compiler reads constexpr alone.
_PI = tl.constexpr(math.pi)
_INVERSE_PI = tl.constexpr(1 / math.pi)
_ROUNDER = tl.constexpr(ROUNDER)
_S1, _S3, _S5, _S7, _S9 = (tl.constexpr(value) for value in SINE)
_C0, _C2, _C4, _C6, _C8, _C10 = (tl.constexpr(value) for value in COSINE)


@triton.jit
def _angle(halves, EXACT: tl.constexpr):
    """Half turns as an angle; an exact one less the nearest multiple of π, whose sine is exact, too."""
    if EXACT:
        halves = halves - ((halves + _ROUNDER) - _ROUNDER)
    return halves * _PI


@triton.jit
def _sine(angle, HARDWARE: tl.constexpr):
    if HARDWARE:
        return libdevice.fast_sinf(angle)
    else:
        square = angle * angle
        return angle * (_S1 + square * (_S3 + square * (_S5 + square * (_S7 + square * _S9))))


@triton.jit
def _cosine(angle, HARDWARE: tl.constexpr):
    if HARDWARE:
        return libdevice.fast_cosf(angle)
    else:
        square = angle * angle
        return _C0 + square * (_C2 + square * (_C4 + square * (_C6 + square * (_C8 + square * _C10))))


@triton.jit
def _ascending(window, h0, h1, h2, h3, h4, h5):
    """Σ h[j] window[j]."""
    first = h0 * window[0] + h1 * window[1] + h2 * window[2]
    return first + h3 * window[3] + h4 * window[4] + h5 * window[5]


@triton.jit
def _descending(window, h0, h1, h2, h3, h4, h5):
    """Σ h[j] window[5 - j]."""
    first = h5 * window[0] + h4 * window[1] + h3 * window[2]
    return first + h2 * window[3] + h1 * window[4] + h0 * window[5]


@triton.jit
def _joined(values, NUMBER: tl.constexpr):
    """Join tensors whose number is a power of two; each `join` adds an axis, the last being the quickest."""
    half: tl.constexpr = NUMBER // 2
    if NUMBER == 1:
        return values[0]
    else:
        pairs = (tl.join(values[0], values[half]),)
        for k in tl.static_range(1, half):
            pairs = pairs + (tl.join(values[k], values[half + k]),)
        return _joined(pairs, half)


@triton.jit
def _parted(rows, NUMBER: tl.constexpr):
    """The columns of (lanes, NUMBER), a power of two."""
    half: tl.constexpr = NUMBER // 2
    if NUMBER == 2:
        first, second = tl.split(rows)
        return (first, second)
    else:
        first, second = tl.split(rows.reshape([rows.shape[0], half, 2]))
        evens = _parted(first, half)
        odds = _parted(second, half)
        columns = (evens[0], odds[0])
        for k in tl.static_range(1, half):
            columns = columns + (evens[k], odds[k])
        return columns


@triton.jit
def _read(place, start, samples, OFFSET: tl.constexpr, NUMBER: tl.constexpr, first, last):
    """`NUMBER` samples of each lane's row from `start + OFFSET` on, the row's ends repeated beyond it.

    What is beyond the ends is `first` and `last`. Threads read neighbouring samples, which then change hands.
    """
    time = start[:, None] + (OFFSET + tl.arange(0, NUMBER))[None, :]
    if OFFSET < 0:
        values = tl.load(place[:, None] + time, time >= 0, 0.0).to(tl.float32)
        values = tl.where(time >= 0, values, first[:, None])
    else:
        values = tl.load(place[:, None] + time, time < samples, 0.0).to(tl.float32)
        values = tl.where(time < samples, values, last[:, None])
    return _parted(values, NUMBER)


@triton.jit
def _read_around(place, start, samples, RUN: tl.constexpr, REPEATS: tl.constexpr):
    """The samples from `start - 6` to `start + RUN + 5` of each lane's row.

    Beyond the row's ends its first and last sample are repeated, or else there are zeros.
    """
    if REPEATS:
        first = tl.load(place, start == 0, 0.0).to(tl.float32)
        last = tl.load(place + (samples - 1), start + (RUN + 8) > samples, 0.0).to(tl.float32)
    else:
        first = tl.zeros([start.shape[0]], tl.float32)
        last = first
    before = _read(place, start, samples, -8, 8, first, last)
    within = _read(place, start, samples, 0, RUN, first, last)
    behind = _read(place, start, samples, RUN, 8, first, last)
    return before[2:8] + within + behind[0:6]


@triton.jit(do_not_specialize=UNSPECIALIZED)
def forward(
    x,
    alpha,
    magnitude,
    taps,
    y,
    lanes,
    chunks,
    channels,
    grains,
    GRAIN: tl.constexpr,
    RUN: tl.constexpr,
    LANES: tl.constexpr,
    HARDWARE: tl.constexpr,
):
    """Upsample, u + magnitude · sin²(αu), downsample.

    Args:
        x: (rows, T), contiguous; row r has channel r % C.
        alpha, magnitude: (C,) float32.
        taps: (12,) float32 of both filters.
        y: (rows, T), written.
        lanes: rows · chunks.
        chunks: runs of `RUN` samples in a row, the last one of which may be shorter.
        channels: C.
        grains: T / `GRAIN`, which tells the compiler by what T can be divided.
        HARDWARE: whether sines are the GPU's own, 2^-21 off at most.
    """
    h0, h1, h2 = tl.load(taps), tl.load(taps + 1), tl.load(taps + 2)
    h3, h4, h5 = tl.load(taps + 3), tl.load(taps + 4), tl.load(taps + 5)
    h6, h7, h8 = tl.load(taps + 6), tl.load(taps + 7), tl.load(taps + 8)
    h9, h10, h11 = tl.load(taps + 9), tl.load(taps + 10), tl.load(taps + 11)
    EXACT: tl.constexpr = (not HARDWARE) or (x.dtype.element_ty == tl.float32)
    samples = grains * GRAIN
    lane = tl.program_id(0) * LANES + tl.arange(0, LANES)
    row = (tl.minimum(lane, lanes - 1) // chunks).to(tl.int64)
    start = (tl.minimum(lane, lanes - 1) % chunks) * RUN
    channel = (tl.minimum(lane, lanes - 1) // chunks) % channels
    frequency = (2 * _INVERSE_PI) * tl.load(alpha + channel)
    depth = 0.5 * tl.load(magnitude + channel)
    values = _read_around(x + row * samples, start, samples, RUN, True)
    evens = (values[0],)
    odds = (values[0],)
    last = values[0]
    outputs = (values[0],)
    for k in tl.static_range(0, RUN + 6):
        time = start + (k - 3)
        even = _descending(values[k : k + 6], h1, h3, h5, h7, h9, h11)
        odd = _descending(values[k + 1 : k + 7], h0, h2, h4, h6, h8, h10)
        sine = _sine(_angle(frequency * even, EXACT), HARDWARE)
        even += depth * (sine * sine)
        sine = _sine(_angle(frequency * odd, EXACT), HARDWARE)
        odd += depth * (sine * sine)
        if k > 3:  # behind the end, the last value is repeated
            even = tl.where(time < samples, even, last)
            odd = tl.where(time < samples, odd, last)
        if k >= 3:
            last = odd
        if k == 0:
            evens = (even,)
            odds = (odd,)
        elif k == 3:  # before the beginning, the first one
            evens = (
                tl.where(start == 0, even, evens[0]),
                tl.where(start == 0, even, evens[1]),
                tl.where(start == 0, even, evens[2]),
                even,
            )
            odds = (
                tl.where(start == 0, even, odds[0]),
                tl.where(start == 0, even, odds[1]),
                tl.where(start == 0, even, odds[2]),
                odd,
            )
        elif k < 7:
            evens = evens + (even,)
            odds = odds + (odd,)
        else:
            evens = evens[1:7] + (even,)
            odds = odds[1:7] + (odd,)
        if k >= 6:
            output = _ascending(evens[1:7], h1, h3, h5, h7, h9, h11)
            output += _ascending(odds[0:6], h0, h2, h4, h6, h8, h10)
            if k == 6:
                outputs = (2 * output,)
            else:
                outputs = outputs + (2 * output,)
    _write(y, outputs, row, start, lane, lanes, samples, RUN)


@triton.jit
def _write(target, outputs, row, start, lane, lanes, samples, RUN: tl.constexpr):
    """Store what each lane made of its samples."""
    time = start[:, None] + tl.arange(0, RUN)[None, :]
    inside = (time < samples) & (lane < lanes)[:, None]
    values = _joined(outputs, RUN).reshape([outputs[0].shape[0], RUN])
    tl.store(target + (row * samples)[:, None] + time, values.to(target.dtype.element_ty), inside)


@triton.jit(do_not_specialize=UNSPECIALIZED)
def backward(
    x,
    gradient,
    alpha,
    magnitude,
    taps,
    by_x,
    by_alpha,
    by_magnitude,
    lanes,
    chunks,
    channels,
    grains,
    GRAIN: tl.constexpr,
    RUN: tl.constexpr,
    LANES: tl.constexpr,
    HARDWARE: tl.constexpr,
):
    """Gradients of `forward`; the doubled signal is computed again from x.

    Args:
        x, alpha, magnitude, taps, lanes, chunks, channels, grains, HARDWARE: as for `forward`.
        gradient: (rows, T) by y.
        by_x: (rows, T), written.
        by_alpha, by_magnitude: (rows, chunks) float32, written: the parts of each run.
    """
    h0, h1, h2 = tl.load(taps), tl.load(taps + 1), tl.load(taps + 2)
    h3, h4, h5 = tl.load(taps + 3), tl.load(taps + 4), tl.load(taps + 5)
    h6, h7, h8 = tl.load(taps + 6), tl.load(taps + 7), tl.load(taps + 8)
    h9, h10, h11 = tl.load(taps + 9), tl.load(taps + 10), tl.load(taps + 11)
    EXACT: tl.constexpr = (not HARDWARE) or (x.dtype.element_ty == tl.float32)
    samples = grains * GRAIN
    lane = tl.program_id(0) * LANES + tl.arange(0, LANES)
    row = (tl.minimum(lane, lanes - 1) // chunks).to(tl.int64)
    start = (tl.minimum(lane, lanes - 1) % chunks) * RUN
    channel = (tl.minimum(lane, lanes - 1) // chunks) % channels
    frequency = 2 * tl.load(alpha + channel)
    halves = _INVERSE_PI * frequency
    depth = 2 * tl.load(magnitude + channel)
    values = _read_around(x + row * samples, start, samples, RUN, True)
    slopes = _read_around(gradient + row * samples, start, samples, RUN, False)
    evens = (values[0],)
    odds = (values[0],)
    outputs = (values[0],)
    alpha_sum = tl.zeros([LANES], tl.float32)
    magnitude_sum = tl.zeros([LANES], tl.float32)
    for k in tl.static_range(0, RUN + 6):
        time = start + (k - 3)
        even = _descending(values[k : k + 6], h1, h3, h5, h7, h9, h11)
        odd = _descending(values[k + 1 : k + 7], h0, h2, h4, h6, h8, h10)
        by_even = _descending(slopes[k : k + 6], h1, h3, h5, h7, h9, h11)
        by_odd = _descending(slopes[k + 1 : k + 7], h0, h2, h4, h6, h8, h10)
        if k < 3:
            inside = start > 0
        else:
            inside = time < samples
            tail = (h7 + h8 + h9 + h10 + h11) * slopes[k + 3] + (h9 + h10 + h11) * slopes[k + 2]
            tail += h11 * slopes[k + 1]
            by_odd += tl.where(time == samples - 1, tail, 0.0)
        if k == 3:
            head = (h0 + h1 + h2 + h3 + h4) * slopes[k + 3] + (h0 + h1 + h2) * slopes[k + 4]
            head += h0 * slopes[k + 5]
            by_even += tl.where(start == 0, head, 0.0)
        by_even = tl.where(inside, by_even, 0.0)
        by_odd = tl.where(inside, by_odd, 0.0)
        angle = _angle(halves * even, EXACT)
        sine = _sine(angle, HARDWARE)
        slope = by_even * (depth * (sine * _cosine(angle, HARDWARE)))
        if (k >= 3) & (k < RUN + 3):
            alpha_sum += slope * even
            magnitude_sum += by_even * (sine * sine)
        by_even += 0.5 * frequency * slope
        angle = _angle(halves * odd, EXACT)
        sine = _sine(angle, HARDWARE)
        slope = by_odd * (depth * (sine * _cosine(angle, HARDWARE)))
        if (k >= 3) & (k < RUN + 3):
            alpha_sum += slope * odd
            magnitude_sum += by_odd * (sine * sine)
        by_odd += 0.5 * frequency * slope
        if k == 0:
            evens = (by_even,)
            odds = (by_odd,)
        elif k < 7:
            evens = evens + (by_even,)
            odds = odds + (by_odd,)
        else:
            evens = evens[1:7] + (by_even,)
            odds = odds[1:7] + (by_odd,)
        if k >= 6:
            output = _ascending(evens[1:7], h1, h3, h5, h7, h9, h11)
            output += _ascending(odds[0:6], h0, h2, h4, h6, h8, h10)
            tail = (h1 + h3) * evens[3] + h1 * evens[2]
            tail += (h0 + h2 + h4) * odds[3] + (h0 + h2) * odds[2] + h0 * odds[1]
            output += tl.where(start + (k - 6) == samples - 1, tail, 0.0)
            if k == 6:
                head = (h7 + h9 + h11) * evens[3] + (h9 + h11) * evens[4] + h11 * evens[5]
                head += (h8 + h10) * odds[3] + h10 * odds[4]
                output += tl.where(start == 0, head, 0.0)
                outputs = (2 * output,)
            else:
                outputs = outputs + (2 * output,)
    _write(by_x, outputs, row, start, lane, lanes, samples, RUN)
    tl.store(by_alpha + lane, 2 * alpha_sum, lane < lanes)
    tl.store(by_magnitude + lane, magnitude_sum, lane < lanes)


def forward_pass(x: Tensor, alpha: Tensor, magnitude: Tensor, taps: Tensor) -> Tensor:
    """`forward` of (B, C, T), contiguous; α and magnitude (C,) and taps (12,), contiguous float32."""
    y = torch.empty_like(x)
    _launch(forward, FORWARD, x, x, alpha, magnitude, taps, y)
    return y


def backward_pass(
    x: Tensor, gradient: Tensor, alpha: Tensor, magnitude: Tensor, taps: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Gradients by x (B, C, T), and by α and magnitude (C,), from that by y (B, C, T), contiguous."""
    by_x = torch.empty_like(x)
    chunks = -(-x.shape[-1] // BACKWARD[0])
    sums = torch.empty(2, *x.shape[:2], chunks, dtype=torch.float32, device=x.device)
    _launch(backward, BACKWARD, x, x, gradient, alpha, magnitude, taps, by_x, sums[0], sums[1])
    by_alpha, by_magnitude = sums.sum(dim=(1, 3), dtype=torch.float64).float()
    return by_x, by_alpha, by_magnitude


def _launch(kernel: Any, shape: tuple[int, int, int], x: Tensor, *tensors: Tensor) -> None:
    batch, channels, samples = x.shape
    run, lanes_each, warps = shape
    chunks = -(-samples // run)
    lanes = batch * channels * chunks
    grain = 1 if samples % GRAIN else GRAIN
    sizes = lanes, chunks, channels, samples // grain
    constants = {"GRAIN": grain, "RUN": run, "LANES": lanes_each, "HARDWARE": HARDWARE}
    with torch.cuda.device_of(x):  # Triton launches on the current one
        kernel[(-(-lanes // lanes_each),)](*tensors, *sizes, **constants, num_warps=warps)

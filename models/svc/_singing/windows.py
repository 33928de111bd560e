"""Long songs in windows, put together without an audible seam."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from hiervox.modules.functional.windows import Window, window_plan

KEPT_FRAMES = 1664
"""Of a window; about 18 s at 24 kHz."""
CONTEXT_FRAMES = 192
"""That a window sees on either side of those, about 2 s."""
FADE_FRAMES = 48
"""On either side of a seam, about half a second, over which one window fades into the next."""
BLOCK_FRAMES = 1024


class NoiseField:
    """Noise whose value at a frame depends on seed, draw and frame alone, so that windows agree on it.

    Args:
        seed: of all.
        channels: M.
        device: where it is wanted.
        scale: its standard deviation.
    """

    def __init__(self, seed: int, channels: int, device: torch.device, scale: float = 1.0) -> None:
        self.seed, self.channels, self.device, self.scale = seed, channels, device, scale

    def at(self, draw: int, first: int, last: int) -> Tensor:
        """(1, M, last - first) of draw number `draw`, the same on every device."""
        blocks = range(first // BLOCK_FRAMES, math.ceil(last / BLOCK_FRAMES))
        noise = np.concatenate([self._block(draw, block) for block in blocks])
        start = blocks.start * BLOCK_FRAMES
        own = torch.from_numpy(noise[first - start : last - start].T.copy())[None]
        return self.scale * own.to(self.device)

    def _block(self, draw: int, block: int) -> NDArray[np.float32]:
        generator = np.random.default_rng([self.seed, draw, block])
        return generator.standard_normal((BLOCK_FRAMES, self.channels), np.float32)


def in_windows(frames: int, sample: Callable[[int, int], Tensor]) -> Tensor:
    """A spectrogram of any length, window by window.

    Args:
        frames: N.
        sample: first and last frame of a window → its spectrogram (1, M, last - first), on any device.

    Returns:
        (M, N) on the CPU.
    """
    plan = window_plan(frames, KEPT_FRAMES, CONTEXT_FRAMES)
    return faded((window, sample(window.first, window.last)[0].float().cpu()) for window in plan)


def faded(windows: Iterable[tuple[Window, Tensor]]) -> Tensor:
    """Windows (M, last - first) of one sequence that keep it in order, to the whole (M, N).

    From `FADE_FRAMES` before a seam to as many behind it, one fades into the next, linearly.
    """
    made = list(windows)
    total = made[-1][0].stop
    whole = torch.zeros(made[0][1].shape[0], total)
    for window, mel in made:
        places = torch.arange(window.first, window.last, dtype=torch.float32) + 0.5
        weight = torch.ones_like(places)
        if window.start > 0:
            weight = weight * ((places - window.start) / (2 * FADE_FRAMES) + 0.5).clamp(0, 1)
        if window.stop < total:
            weight = weight * ((window.stop - places) / (2 * FADE_FRAMES) + 0.5).clamp(0, 1)
        whole[:, window.first : window.last] += weight * mel
    return whole

"""Pointwise activations without aliasing: applied at twice the rate, between two low-pass filters."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional as F


def kaiser_sinc_filter(cutoff: float, half_width: float, kernel_size: int) -> Tensor:
    """A low-pass filter: a sinc under a Kaiser window, scaled to pass a constant unchanged.

    The window's shape follows from the transition width (Kaiser's formulas, as in StyleGAN3,
    arXiv 2106.12423, appendix C).

    Args:
        cutoff: in cycles per sample, over 0 to 0.5.
        half_width: half the transition band, in cycles per sample.
        kernel_size: number of taps.

    Returns:
        (kernel_size,)
    """
    attenuation = 2.285 * (kernel_size // 2 - 1) * math.pi * 4 * half_width + 7.95  # dB
    if attenuation > 50:
        beta = 0.1102 * (attenuation - 8.7)
    elif attenuation >= 21:
        beta = 0.5842 * (attenuation - 21) ** 0.4 + 0.07886 * (attenuation - 21)
    else:
        beta = 0.0
    # On the CPU whatever the default device is, so that the taps are the same everywhere.
    window = torch.kaiser_window(kernel_size, periodic=False, beta=beta, device="cpu")
    time = torch.arange(kernel_size, device="cpu") - (kernel_size - 1) / 2
    taps = window * torch.sinc(2 * cutoff * time)
    return taps / taps.sum()


def _extend(x: Tensor, left: int, right: int) -> Tensor:
    """Repeat the first and the last sample: replicate padding, but several times quicker on a CPU."""
    shape = x.shape[:-1]
    return torch.cat([x[..., :1].expand(*shape, left), x, x[..., -1:].expand(*shape, right)], dim=-1)


class _Raise(torch.autograd.Function):
    """`conv_transpose1d` of every channel with fixed taps.

    Its gradient is a strided convolution with the same taps. On a CPU, PyTorch 2.11 takes several times as
    long for it as for that convolution done forward; this can go when it no longer does.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, taps: Tensor, ratio: int, padding: int) -> Tensor:
        ctx.save_for_backward(taps)
        ctx.ratio, ctx.padding = ratio, padding
        return F.conv_transpose1d(x, taps, stride=ratio, padding=padding, groups=x.shape[1])

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None, None]:
        (taps,) = ctx.saved_tensors
        padded = F.pad(gradient, (ctx.padding, ctx.padding))
        taps = taps.to(gradient.dtype)  # under autocast the forward pass may have cast its own copy
        return F.conv1d(padded, taps, stride=ctx.ratio, groups=gradient.shape[1]), None, None, None


class AliasFreeActivation(nn.Module):
    """Upsample, activate, downsample (BigVGAN, arXiv 2206.04658, section 3.3).

    Args:
        activation: any pointwise module on (B, C, T).
        ratio: by how much the rate is higher in between.
        kernel_size: taps of both filters, a multiple of `2 * ratio`; 12 as published.
    """

    filter: Tensor

    def __init__(self, activation: nn.Module, ratio: int = 2, kernel_size: int = 12) -> None:
        super().__init__()
        if kernel_size % (2 * ratio):
            raise ValueError(f"kernel_size {kernel_size} is not a multiple of {2 * ratio}")
        self.activation = activation
        self.ratio = ratio
        self.kernel_size = kernel_size
        # Fixed by the sizes, so it's no part of a checkpoint.
        taps = kaiser_sinc_filter(0.5 / ratio, 0.6 / ratio, kernel_size)
        self.register_buffer("filter", taps.view(1, 1, kernel_size), persistent=False)

    @property
    def context(self) -> int:
        """Samples on either side that an output sample depends on; each filter reaches half its length."""
        return 2 * math.ceil(self.kernel_size / 2 / self.ratio)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, T) → (B, C, T)."""
        channels = x.shape[1]
        taps = self.filter.expand(channels, -1, -1)
        edge = self.kernel_size // self.ratio - 1
        padding = edge * self.ratio + (self.kernel_size - self.ratio) // 2
        # Zeros come between the samples; the factor restores the level.
        upsampled: Tensor = _Raise.apply(_extend(x, edge, edge), taps * self.ratio, self.ratio, padding)
        upsampled = _extend(self.activation(upsampled), self.kernel_size // 2 - 1, self.kernel_size // 2)
        return F.conv1d(upsampled, taps, stride=self.ratio, groups=channels)

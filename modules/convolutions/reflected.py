"""Convolutions padded by reflection, causal or centred (EnCodec, arXiv 2210.13438, section 3.1)."""

from __future__ import annotations

from typing import Literal

from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import weight_norm

Normalization = Literal["weight", "group"]
"""`weight`: weight norm. `group`: one group norm over all channels and time behind each convolution."""


def reflect(x: Tensor, left: int, right: int) -> Tensor:
    """Pad (..., T) by reflection; a signal that is too short for it is first extended by zeros."""
    missing = max(0, max(left, right) + 1 - x.shape[-1])
    padded = F.pad(F.pad(x, (0, missing)), (left, right), mode="reflect")
    return padded[..., : padded.shape[-1] - missing]


class ReflectedConv1d(nn.Module):
    """Strided convolution: T samples in, ceil(T / stride) out.

    Args:
        conv: without padding.
        causal: pad in front only, but for what completes the last window; else on both sides, the larger
            half in front.
        normalization: of the convolution.
    """

    def __init__(
        self, conv: nn.Conv1d, *, causal: bool = True, normalization: Normalization = "weight"
    ) -> None:
        super().__init__()
        self.conv = weight_norm(conv) if normalization == "weight" else conv
        self.norm = _norm(conv.out_channels, normalization)
        (self.stride,), (kernel_size,), (dilation,) = conv.stride, conv.kernel_size, conv.dilation
        self.padding = (kernel_size - 1) * dilation + 1 - self.stride
        self.causal = causal

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, T) → (B, C', ceil(T / stride))."""
        right = 0 if self.causal else self.padding // 2
        completing = -x.shape[-1] % self.stride
        padded = reflect(x, self.padding - right, right + completing)
        result: Tensor = self.norm(self.conv(padded))
        return result


class ReflectedConvTranspose1d(nn.Module):
    """Transposed convolution: T samples in, T * stride out.

    Args:
        conv: without padding.
        causal: cut what is surplus from the end; else from both sides, the larger half in front.
        normalization: of the convolution.
    """

    def __init__(
        self, conv: nn.ConvTranspose1d, *, causal: bool = True, normalization: Normalization = "weight"
    ) -> None:
        super().__init__()
        self.conv = weight_norm(conv) if normalization == "weight" else conv
        self.norm = _norm(conv.out_channels, normalization)
        (surplus,) = (kernel - step for kernel, step in zip(conv.kernel_size, conv.stride, strict=True))
        self.right = surplus if causal else surplus // 2
        self.left = surplus - self.right

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, T) → (B, C', T * stride)."""
        y: Tensor = self.norm(self.conv(x))
        return y[..., self.left : y.shape[-1] - self.right]


def _norm(channels: int, normalization: Normalization) -> nn.Module:
    return nn.GroupNorm(1, channels) if normalization == "group" else nn.Identity()

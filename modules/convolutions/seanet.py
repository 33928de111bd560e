"""The residual block of SEANet (arXiv 2009.02095), as EnCodec has it (arXiv 2210.13438, section 3.1)."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from hiervox.modules.convolutions.reflected import Normalization, ReflectedConv1d

COMPRESSION = 2
"""Channels of a block over those inside it."""


class SEANetBlock(nn.Module):
    """ELU, dilated convolution to half of the channels, ELU, convolution back; the skip is a convolution too.

    Args:
        channels: of input and output, even.
        kernel_size, dilation: of the first convolution.
        causal, normalization: of all convolutions.
    """

    def __init__(
        self, channels: int, kernel_size: int, dilation: int, causal: bool, normalization: Normalization
    ) -> None:
        super().__init__()
        inner = channels // COMPRESSION
        self.contract = ReflectedConv1d(
            channels, inner, kernel_size, dilation=dilation, causal=causal, normalization=normalization
        )
        self.expand = ReflectedConv1d(inner, channels, 1, causal=causal, normalization=normalization)
        self.skip = ReflectedConv1d(channels, channels, 1, causal=causal, normalization=normalization)

    def forward(self, x: Tensor) -> Tensor:
        """(B, channels, T) → (B, channels, T)."""
        inner = self.contract(F.elu(x))
        result: Tensor = self.skip(x) + self.expand(F.elu(inner))
        return result

"""A transposed convolution followed by parallel residual blocks: the stage that HiFi-GAN's family repeats."""

from __future__ import annotations

import math
from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn.utils.parametrizations import weight_norm

from hiervox.modules.convolutions.amp_block import ParallelAMPBlocks
from hiervox.modules.convolutions.residual_block import context_of


class UpsamplingStage(nn.Module):
    """Upsamples and halves the channels.

    Args:
        channels: of the input, even.
        rate, kernel_size: of the transposed convolution. Where their difference is odd, its padding is
            rounded up and the output's end padded by a sample, so that the length stays `rate * T`.
        blocks: what follows, at `channels / 2`, such as `ParallelBlocks`.
        activation: pointwise, before the transposed convolution; None for none, as in BigVGAN.

    Attributes:
        addition_context: samples of the addition on either side of an output sample that it depends on.
    """

    def __init__(
        self,
        channels: int,
        rate: int,
        kernel_size: int,
        blocks: nn.Module,
        activation: nn.Module | None = None,
    ) -> None:
        super().__init__()
        odd = (kernel_size - rate) % 2
        convolution = nn.ConvTranspose1d(
            channels,
            channels // 2,
            kernel_size,
            stride=rate,
            padding=(kernel_size - rate + odd) // 2,
            output_padding=odd,
        )
        self.activation = activation or nn.Identity()
        self.up = weight_norm(convolution)
        self.blocks = blocks
        self.addition_context = context_of(blocks)
        self._rate = rate
        self._reach = ((kernel_size + rate) // 2 - 1) // rate

    @classmethod
    def with_amp_blocks(
        cls,
        channels: int,
        rate: int,
        kernel_size: int,
        block_kernel_sizes: Sequence[int],
        block_dilations: Sequence[int],
    ) -> UpsamplingStage:
        """The stage of BigVGAN and of HierSpeech++."""
        blocks = ParallelAMPBlocks(channels // 2, block_kernel_sizes, block_dilations)
        return cls(channels, rate, kernel_size, blocks)

    def context(self, beyond: int = 0) -> int:
        """Input samples on either side that an output sample and the `beyond` around it depend on."""
        return math.ceil((beyond + self.addition_context) / self._rate) + self._reach

    def forward(self, x: Tensor, addition: Tensor | None = None) -> Tensor:
        """(B, channels, T) → (B, channels / 2, rate * T); `addition`, if any, is added before the blocks."""
        x = self.up(self.activation(x))
        if addition is not None:
            x = x + addition
        out: Tensor = self.blocks(x)
        return out

"""A transposed convolution followed by AMP blocks: the stage that BigVGAN and its family repeat."""

from __future__ import annotations

import math
from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn.utils.parametrizations import weight_norm

from hiervox.modules.convolutions.parallel_amp import ParallelAMPBlocks


class UpsamplingStage(nn.Module):
    """Raises the rate and halves the channels.

    Args:
        channels: of the input, even.
        rate, kernel_size: of the transposed convolution; their difference is even or the length grows.
        block_kernel_sizes, block_dilations: of the AMP blocks.

    Attributes:
        addition_context: samples of the addition on either side of an output sample that it depends on.
    """

    def __init__(
        self,
        channels: int,
        rate: int,
        kernel_size: int,
        block_kernel_sizes: Sequence[int],
        block_dilations: Sequence[int],
    ) -> None:
        super().__init__()
        convolution = nn.ConvTranspose1d(
            channels, channels // 2, kernel_size, stride=rate, padding=(kernel_size - rate) // 2
        )
        self.up = weight_norm(convolution)
        self.blocks = ParallelAMPBlocks(channels // 2, block_kernel_sizes, block_dilations)
        self.addition_context = self.blocks.context
        self._rate = rate
        self._reach = ((kernel_size + rate) // 2 - 1) // rate

    def context(self, beyond: int = 0) -> int:
        """Input samples on either side that an output sample and the `beyond` around it depend on."""
        return math.ceil((beyond + self.addition_context) / self._rate) + self._reach

    def forward(self, x: Tensor, addition: Tensor | None = None) -> Tensor:
        """(B, channels, T) → (B, channels / 2, rate * T); `addition`, if any, is added before the blocks."""
        x = self.up(x)
        if addition is not None:
            x = x + addition
        return self.blocks(x)

"""The residual block of BigVGAN's generator: anti-aliased multi-periodicity composition."""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn

from hiervox.modules.activations.alias_free import AliasFreeActivation
from hiervox.modules.activations.snake import SnakeBeta
from hiervox.modules.convolutions.residual_block import ParallelBlocks, ResidualBlock


def alias_free_snake(channels: int) -> nn.Module:
    """BigVGAN's activation: Snake-Beta at twice the rate between two low-pass filters."""
    return AliasFreeActivation(SnakeBeta(channels))


class AMPBlock(ResidualBlock):
    """Residual pairs of a dilated and a plain convolution, each behind an alias-free Snake-Beta.

    BigVGAN (arXiv 2206.04658), section 3.3, figure 1.

    Args:
        channels: C.
        kernel_size: odd; of all convolutions.
        dilations: one residual pair for each.
    """

    def __init__(self, channels: int, kernel_size: int, dilations: Sequence[int]) -> None:
        super().__init__(channels, kernel_size, dilations, alias_free_snake)


class ParallelAMPBlocks(ParallelBlocks):
    """The mean of AMP blocks of several kernel sizes.

    Args:
        channels: C.
        kernel_sizes: one block for each.
        dilations: of every block.
    """

    def __init__(self, channels: int, kernel_sizes: Sequence[int], dilations: Sequence[int]) -> None:
        super().__init__([AMPBlock(channels, kernel_size, dilations) for kernel_size in kernel_sizes])

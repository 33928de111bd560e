"""Residual blocks of dilated convolutions over time, with any activation: HiFi-GAN's two kinds."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from torch import Tensor, nn
from torch.nn.utils.parametrizations import weight_norm

LEAKY_SLOPE = 0.1
"""Of the leaky rectifiers of HiFi-GAN's generator."""

Activation = Callable[[int], nn.Module]
"""Makes the activation of so many channels; one with a receptive field tells its `context`."""


def leaky_relu(channels: int) -> nn.Module:
    """The activation of HiFi-GAN's generator; it is the same for any number of channels."""
    return nn.LeakyReLU(LEAKY_SLOPE)


def context_of(module: nn.Module) -> int:
    """Samples on either side that an output sample of an activation depends on; 0 for a pointwise one."""
    return int(getattr(module, "context", 0))


class ResidualBlock(nn.Module):
    """One residual branch after the other, each a dilated convolution and, in pairs, a plain one behind it.

    HiFi-GAN (arXiv 2010.05646), appendix A: paired in V1 and V2 (`ResBlock1`), single in V3 (`ResBlock2`).

    Args:
        channels: C.
        kernel_size: odd; of all convolutions.
        dilations: one residual branch for each.
        activation: before every convolution.
        paired: whether a plain convolution follows each dilated one.

    Attributes:
        context: samples on either side that an output sample depends on.
    """

    def __init__(
        self,
        channels: int,
        kernel_size: int,
        dilations: Sequence[int],
        activation: Activation = leaky_relu,
        paired: bool = True,
    ) -> None:
        super().__init__()
        self.paired = paired
        self.dilated_convs = nn.ModuleList(
            weight_norm(nn.Conv1d(channels, channels, kernel_size, dilation=dilation, padding="same"))
            for dilation in dilations
        )
        self.plain_convs = nn.ModuleList(
            weight_norm(nn.Conv1d(channels, channels, kernel_size, padding="same"))
            for _ in (dilations if paired else ())
        )
        # In the order of use: before the first dilated one, before the first plain one, and so on.
        activations = [activation(channels) for _ in range((1 + paired) * len(dilations))]
        self.activations = nn.ModuleList(activations)
        receptive_field = sum((dilation + paired) * (kernel_size // 2) for dilation in dilations)
        self.context = receptive_field + sum(context_of(module) for module in activations)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, T) → (B, C, T)."""
        if not self.paired:
            for dilated, activation in zip(self.dilated_convs, self.activations, strict=True):
                x = x + dilated(activation(x))
            return x
        before_dilated, before_plain = self.activations[::2], self.activations[1::2]
        for dilated, plain, first, second in zip(
            self.dilated_convs, self.plain_convs, before_dilated, before_plain, strict=True
        ):
            x = x + plain(second(dilated(first(x))))
        return x


class MeanOfBlocks(nn.ModuleList):
    """Blocks that see the same input, and the mean of what they make of it."""

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, T) → (B, C, T)."""
        outputs = [block(x) for block in self]
        return sum(outputs[1:], start=outputs[0]) / len(outputs)


class ParallelBlocks(nn.Module):
    """The mean of blocks that see more or less of their input (HiFi-GAN's multi-receptive-field fusion).

    Args:
        blocks: each with a `context`.

    Attributes:
        context: samples on either side that an output sample depends on.
    """

    def __init__(self, blocks: Sequence[nn.Module]) -> None:
        super().__init__()
        self.blocks = MeanOfBlocks(blocks)
        self.context = max(context_of(block) for block in blocks)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, T) → (B, C, T)."""
        y: Tensor = self.blocks(x)
        return y

"""HiFi-GAN's generator (arXiv 2010.05646, section 2.2), the frame of BigVGAN and of neural source filters."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from itertools import zip_longest
from typing import Literal

from pydantic import Field, PositiveInt, model_validator
from torch import Tensor, nn
from torch.nn.utils.parametrizations import weight_norm

from hiervox.modules.convolutions.amp_block import alias_free_snake
from hiervox.modules.convolutions.residual_block import (
    Activation,
    ParallelBlocks,
    ResidualBlock,
    context_of,
    leaky_relu,
)
from hiervox.modules.convolutions.upsampling import UpsamplingStage
from hiervox.modules.generators.vocoder import VocoderGenerator
from hiervox.utils.schema import Sizes

EDGE_KERNEL = 7
"""Of the first and the last convolution."""
LAST_SLOPE = 0.01
"""Of the rectifier before the last convolution, where the published code leaves torch's default."""


class HiFiGANSizes(Sizes):
    """Sizes of the generator; defaults are HiFi-GAN V1's for 22.05 kHz.

    Attributes:
        in_channels: of the input, the number of mel bins for a vocoder.
        initial_channels: before the first stage; each stage halves them.
        rates, kernel_sizes: of the transposed convolutions.
        block_kernel_sizes: of the residual blocks that stand side by side after each.
        block_dilations: of each of these blocks.
        paired_blocks: whether an undilated convolution follows each dilated one (V1, V2).
        activation: `leaky_relu` as in HiFi-GAN, `alias_free_snake` as in BigVGAN.
        output: what keeps the waveform within ±1; BigVGAN v2 clamps.
        output_bias: of the last convolution.
        edge_weight_norm: of the first and the last convolution; VITS has none.
        condition_channels: of a global condition, such as a speaker vector; 0 where there is none.
    """

    in_channels: PositiveInt = 80
    initial_channels: PositiveInt = 512
    rates: tuple[PositiveInt, ...] = Field((8, 8, 2, 2), min_length=1)
    kernel_sizes: tuple[PositiveInt, ...] = (16, 16, 4, 4)
    block_kernel_sizes: tuple[PositiveInt, ...] = Field((3, 7, 11), min_length=1)
    block_dilations: tuple[tuple[PositiveInt, ...], ...] = ((1, 3, 5), (1, 3, 5), (1, 3, 5))
    paired_blocks: bool = True
    activation: Literal["leaky_relu", "alias_free_snake"] = "leaky_relu"
    output: Literal["tanh", "clamp"] = "tanh"
    output_bias: bool = True
    edge_weight_norm: bool = True
    condition_channels: int = Field(0, ge=0)

    @model_validator(mode="after")
    def _check_lengths(self) -> HiFiGANSizes:
        if len(self.kernel_sizes) != len(self.rates):
            raise ValueError(f"{len(self.kernel_sizes)} kernel_sizes for {len(self.rates)} rates")
        if len(self.block_dilations) != len(self.block_kernel_sizes):
            raise ValueError(
                f"{len(self.block_dilations)} block_dilations for {len(self.block_kernel_sizes)} "
                "block_kernel_sizes"
            )
        if any(size % 2 == 0 for size in self.block_kernel_sizes):
            raise ValueError("block_kernel_sizes must be odd")
        if self.initial_channels % 2 ** len(self.rates):
            raise ValueError(f"initial_channels must be a multiple of {2 ** len(self.rates)}")
        return self

    @property
    def hop_length(self) -> int:
        """Samples to an input frame."""
        return math.prod(self.rates)

    @property
    def out_channels(self) -> int:
        """Of the last stage."""
        return self.initial_channels >> len(self.rates)


class UpsamplingBackbone(nn.Module):
    """A convolution and the upsampling stages, up to the activation before the last convolution.

    Args:
        sizes: all but what concerns the output.

    Attributes:
        stages: `UpsamplingStage`s.
    """

    def __init__(self, sizes: HiFiGANSizes) -> None:
        super().__init__()
        snake = sizes.activation == "alias_free_snake"
        self.input = _edge_conv(sizes.in_channels, sizes.initial_channels, sizes.edge_weight_norm)
        if sizes.condition_channels:
            self.condition = nn.Conv1d(sizes.condition_channels, sizes.initial_channels, 1)
        self.stages = nn.ModuleList(_stages(sizes, alias_free_snake if snake else leaky_relu))
        self.activation = alias_free_snake(sizes.out_channels) if snake else nn.LeakyReLU(LAST_SLOPE)

    def context(self, beyond: int = 0) -> int:
        """Input frames on either side that an output sample and the `beyond` around it depend on."""
        receptive_field = beyond + context_of(self.activation)
        for stage in reversed(self.stages):
            assert isinstance(stage, UpsamplingStage)
            receptive_field = stage.context(receptive_field)
        return receptive_field + EDGE_KERNEL // 2

    def forward(
        self, x: Tensor, condition: Tensor | None = None, additions: Iterable[Tensor | None] = ()
    ) -> Tensor:
        """Upsample.

        Args:
            x: (B, in_channels, N).
            condition: (B, condition_channels, 1).
            additions: added behind the transposed convolution of each stage, (B, C, T) of that stage.

        Returns:
            (B, out_channels, hop_length * N).
        """
        x = self.input(x)
        if condition is not None:
            x = x + self.condition(condition)
        for stage, addition in zip_longest(self.stages, additions):
            x = stage(x, addition)
        activated: Tensor = self.activation(x)
        return activated


class HiFiGANGenerator(VocoderGenerator):
    """Mel spectrogram, or any latent at frame rate, to waveform.

    Args:
        sizes: see `HiFiGANSizes`.

    Attributes:
        sizes: as given.
        context: input frames on either side that an output sample depends on.
    """

    def __init__(self, sizes: HiFiGANSizes) -> None:
        super().__init__()
        self.sizes = sizes
        self.backbone = UpsamplingBackbone(sizes)
        self.output = _edge_conv(sizes.out_channels, 1, sizes.edge_weight_norm, sizes.output_bias)
        self.hop_length = sizes.hop_length
        self.context: int = self.backbone.context(EDGE_KERNEL // 2)

    def forward(
        self, x: Tensor, condition: Tensor | None = None, additions: Iterable[Tensor | None] = ()
    ) -> Tensor:
        """The arguments of `UpsamplingBackbone.forward` → (B, 1, hop_length * N) in [-1, 1]."""
        wav = self.output(self.backbone(x, condition, additions))
        return wav.tanh() if self.sizes.output == "tanh" else wav.clamp(-1, 1)


def _edge_conv(inputs: int, outputs: int, normed: bool, bias: bool = True) -> nn.Module:
    conv = nn.Conv1d(inputs, outputs, EDGE_KERNEL, padding=EDGE_KERNEL // 2, bias=bias)
    return weight_norm(conv) if normed else conv


def _stages(sizes: HiFiGANSizes, activation: Activation) -> list[UpsamplingStage]:
    """BigVGAN has no activation before its transposed convolutions, HiFi-GAN its leaky rectifier."""
    before_up: Callable[[int], nn.Module | None] = activation if activation is leaky_relu else _no_activation
    return [
        UpsamplingStage(
            channels, rate, kernel_size, _blocks(sizes, channels // 2, activation), before_up(channels)
        )
        for channels, rate, kernel_size in zip(_channels(sizes), sizes.rates, sizes.kernel_sizes, strict=True)
    ]


def _no_activation(channels: int) -> None:
    return None


def _channels(sizes: HiFiGANSizes) -> Sequence[int]:
    return [sizes.initial_channels >> stage for stage in range(len(sizes.rates))]


def _blocks(sizes: HiFiGANSizes, channels: int, activation: Activation) -> ParallelBlocks:
    return ParallelBlocks(
        [
            ResidualBlock(channels, kernel_size, dilations, activation=activation, paired=sizes.paired_blocks)
            for kernel_size, dilations in zip(sizes.block_kernel_sizes, sizes.block_dilations, strict=True)
        ]
    )

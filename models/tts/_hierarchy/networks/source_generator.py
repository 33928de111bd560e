"""Waveform generator of the hierarchy: BigVGAN's or HiFi-GAN's backbone, led by a source network."""

from __future__ import annotations

import math
from typing import Literal

from pydantic import PositiveInt
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.parametrizations import weight_norm

from hiervox.models.tts._hierarchy.networks.source_network import EDGE_KERNEL, UpsamplingSizes
from hiervox.modules.convolutions.residual_block import context_of

SOURCE_LAYERS = 3
LEAKY_SLOPE = 0.1  # HiFi-GAN's


class SourceDownsampler(nn.Module):
    """Brings source features to the frame rate: decimation, then dilated convolutions (1, 2, 4).

    Args:
        in_channels: of the source features.
        out_channels: of the result.
        factor: source frames to one frame.

    Attributes:
        context: frames on either side that an output frame depends on.
    """

    def __init__(self, in_channels: int, out_channels: int, factor: int) -> None:
        super().__init__()
        self.factor = factor
        self.residual = weight_norm(nn.Conv1d(in_channels, out_channels, 1))
        self.convolutions = nn.ModuleList(
            weight_norm(
                nn.Conv1d(
                    in_channels if layer == 0 else out_channels,
                    out_channels,
                    3,
                    dilation=2**layer,
                    padding=2**layer,
                )
            )
            for layer in range(SOURCE_LAYERS)
        )
        self.context = 2**SOURCE_LAYERS - 1

    def forward(self, source: Tensor) -> Tensor:
        """(B, in_channels, factor * N) → (B, out_channels, N)."""
        x = source[..., :: self.factor]
        residual = self.residual(x)
        for convolution in self.convolutions:
            x = convolution(functional.leaky_relu(x, LEAKY_SLOPE))
        return x + residual


class SourceGeneratorSizes(UpsamplingSizes):
    """The waveform generator; its first upsampling goes to the rate of F0, all of them to that of audio."""

    kind: Literal["amp"] = "amp"
    initial_channels: PositiveInt = 512
    rates: tuple[PositiveInt, ...] = (4, 5, 4, 2, 2)
    kernel_sizes: tuple[PositiveInt, ...] = (8, 11, 8, 4, 4)
    block_kernel_sizes: tuple[PositiveInt, ...] = (3, 7, 11)


class SourceGenerator(nn.Module):
    """Latent and source features → waveform (HierSpeech++, arXiv 2311.12454, section 3.2).

    The source features enter twice: at the input, brought down to the frame rate, and after the first
    upsampling, which brings the latent to their rate.

    Args:
        sizes: see `SourceGeneratorSizes`.
        latent_channels: of the input.
        source_channels: of the source features, whose rate is `sizes.rates[0]` times the input's; 0 where
            there are none.
        style_channels: of the style vector.

    Attributes:
        backbone_rate, waveform_rate: samples of the backbone to a frame, and of the waveform to one of the
            backbone.
        backbone_context: frames of the latent and of the source on either side that the backbone depends on.
        waveform_context: samples of the backbone on either side that the waveform depends on.
    """

    def __init__(
        self,
        sizes: SourceGeneratorSizes,
        *,
        latent_channels: int,
        source_channels: int,
        style_channels: int,
    ) -> None:
        super().__init__()
        initial_channels, rates = sizes.initial_channels, sizes.rates
        padding = EDGE_KERNEL // 2
        last_channels = initial_channels >> len(rates)
        self.input = weight_norm(nn.Conv1d(latent_channels, initial_channels, EDGE_KERNEL, padding=padding))
        self.takes_source = source_channels > 0
        if self.takes_source:
            self.source_input = SourceDownsampler(source_channels, initial_channels, rates[0])
        self.style = nn.Conv1d(style_channels, initial_channels, 1)
        if self.takes_source:
            self.source = nn.Conv1d(source_channels, initial_channels // 2, EDGE_KERNEL, padding=padding)
        stages = sizes.stages()
        self.stages = nn.ModuleList(stages)
        self.activation = sizes.last_activation()
        self.output = nn.Conv1d(last_channels, 1, EDGE_KERNEL, padding=padding, bias=False)

        self.backbone_rate, self.waveform_rate = rates[0], math.prod(rates[1:])
        first, *others = stages
        receptive_field = context_of(self.activation) + padding
        for stage in reversed(others):
            receptive_field = stage.context(receptive_field)
        self.waveform_context = receptive_field
        by_addition = math.ceil((first.addition_context + padding) / rates[0])
        input_context = max(padding, self.source_input.context) if self.takes_source else padding
        self.backbone_context = max(first.context() + input_context, by_addition)

    def forward(self, z: Tensor, source: Tensor, style: Tensor) -> Tensor:
        """Generate.

        Args:
            z: (B, latent_channels, N).
            source: (B, source_channels, rates[0] * N).
            style: (B, style_channels, 1).

        Returns:
            (B, 1, product of the rates * N) in [-1, 1].
        """
        return self.waveform(self.backbone(z, source, style))

    def backbone(self, z: Tensor, source: Tensor, style: Tensor) -> Tensor:
        """The arguments of `forward` → (B, C, backbone_rate * N)."""
        x, addition = self.input(z), None
        if self.takes_source:
            x, addition = x + self.source_input(source), self.source(source)
        upsampled: Tensor = self.stages[0](x + self.style(style), addition)
        return upsampled

    def waveform(self, x: Tensor) -> Tensor:
        """What `backbone` made (B, C, T) → waveform (B, 1, waveform_rate * T) in [-1, 1]."""
        for stage in self.stages[1:]:
            x = stage(x)
        return self.output(self.activation(x)).tanh()

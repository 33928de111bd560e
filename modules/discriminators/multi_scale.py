"""Discriminators of the waveform at falling rates (HiFi-GAN, arXiv 2010.05646, section 2.3; from MelGAN)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple

from pydantic import PositiveInt
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import spectral_norm, weight_norm

from hiervox.modules.discriminators.config import Discriminator, DiscriminatorConfig
from hiervox.modules.discriminators.stack import (
    LEAKY_SLOPE,
    ConvolutionStack,
    DiscriminatorOutput,
    apply_each,
)


class ScaleLayer(NamedTuple):
    """One grouped convolution: output channels, kernel (odd), stride, groups."""

    channels: int
    kernel_size: int
    stride: int = 1
    groups: int = 1


LAYERS = (
    ScaleLayer(128, 15),
    ScaleLayer(128, 41, 2, 4),
    ScaleLayer(256, 41, 2, 16),
    ScaleLayer(512, 41, 4, 16),
    ScaleLayer(1024, 41, 4, 16),
    ScaleLayer(1024, 41, 1, 16),
    ScaleLayer(1024, 5),
)
"""HiFi-GAN's."""
GROUPED_LAYERS = (
    ScaleLayer(16, 15),
    ScaleLayer(64, 41, 4, 4),
    ScaleLayer(256, 41, 4, 16),
    ScaleLayer(1024, 41, 4, 64),
    ScaleLayer(1024, 41, 4, 256),
    ScaleLayer(1024, 5),
)
"""MelGAN's (arXiv 1910.06711, appendix A), four input channels to a group; VITS has one such network too."""
PRESETS = {"hifigan": LAYERS, "melgan": GROUPED_LAYERS}


MELGAN_SLOPE = 0.2
"""Of the leaky rectifiers of MelGAN's discriminators."""


class MultiScaleConfig(DiscriminatorConfig):
    """Sizes of `MultiScaleDiscriminator`.

    Attributes:
        n_scales: how many members.
        layers: of each, HiFi-GAN's or MelGAN's.
        spectral_first: the first is spectrally normalised and the others weight-normalised, which keeps
            training stable (HiFi-GAN, section 2.3); otherwise all are weight-normalised.
    """

    type: Literal["multi_scale"] = "multi_scale"
    n_scales: PositiveInt = 3
    layers: Literal["hifigan", "melgan"] = "hifigan"
    spectral_first: bool = True


class MelGANMultiScaleConfig(DiscriminatorConfig):
    """Sizes of `MelGANMultiScaleDiscriminator`.

    Attributes:
        n_scales: how many members.
    """

    type: Literal["melgan_multi_scale"] = "melgan_multi_scale"
    n_scales: PositiveInt = 3

    @property
    def min_samples(self) -> int:
        """What reflection needs at the lowest rate."""
        return (GROUPED_LAYERS[0].kernel_size // 2 + 1) * 2 ** (self.n_scales - 1)


class ScaleDiscriminator(nn.Module):
    """Convolutions along time.

    Args:
        layers: all but the last convolution, which goes to one channel with a kernel of 3.
        norm: parametrisation of every convolution.
        reflect: the first convolution's input is reflected at its ends instead of filled with zeros.
        slope, logits_are_feature: see `ConvolutionStack`.
    """

    def __init__(
        self,
        layers: Sequence[ScaleLayer],
        norm: Callable[[nn.Module], nn.Module] = weight_norm,
        reflect: bool = False,
        slope: float = LEAKY_SLOPE,
        logits_are_feature: bool = True,
    ) -> None:
        super().__init__()
        inputs = (1, *(layer.channels for layer in layers[:-1]))
        self.stack = ConvolutionStack(
            (
                norm(
                    nn.Conv1d(
                        before,
                        layer.channels,
                        layer.kernel_size,
                        layer.stride,
                        padding=layer.kernel_size // 2,
                        groups=layer.groups,
                        padding_mode="reflect" if reflect and number == 0 else "zeros",
                    )
                )
                for number, (before, layer) in enumerate(zip(inputs, layers, strict=True))
            ),
            last=norm(nn.Conv1d(layers[-1].channels, 1, 3, padding=1)),
            slope=slope,
            logits_are_feature=logits_are_feature,
        )

    def forward(self, x: Tensor) -> DiscriminatorOutput:
        """(B, 1, T) → logits (B, L), feature maps (B, C, T')."""
        output: DiscriminatorOutput = self.stack(x)
        return output


class MultiScaleDiscriminator(Discriminator):
    """A `ScaleDiscriminator` for the waveform itself and for each halving of its rate."""

    config_class = MultiScaleConfig

    def __init__(self, config: MultiScaleConfig) -> None:
        super().__init__(config)
        norms = [spectral_norm if config.spectral_first else weight_norm, *[weight_norm] * config.n_scales]
        self.discriminators = nn.ModuleList(
            ScaleDiscriminator(PRESETS[config.layers], norm=norm) for norm in norms[: config.n_scales]
        )

    def forward(self, wav: Tensor) -> list[DiscriminatorOutput]:
        """wav (B, 1, T) → the output for each scale."""
        scales = [wav]
        for _ in self.discriminators[1:]:
            scales.append(F.avg_pool1d(scales[-1], kernel_size=4, stride=2, padding=2))
        return apply_each(self.discriminators, scales)


class MelGANMultiScaleDiscriminator(Discriminator):
    """MelGAN's: grouped convolutions, the same norm at every scale (arXiv 1910.06711, section 2.2)."""

    config_class = MelGANMultiScaleConfig

    def __init__(self, config: MelGANMultiScaleConfig) -> None:
        super().__init__(config)
        self.discriminators = nn.ModuleList(
            ScaleDiscriminator(GROUPED_LAYERS, reflect=True, slope=MELGAN_SLOPE, logits_are_feature=False)
            for _ in range(config.n_scales)
        )

    def forward(self, wav: Tensor) -> list[DiscriminatorOutput]:
        """wav (B, 1, T) → the output for each scale."""
        scales = [wav]
        for _ in self.discriminators[1:]:
            scales.append(F.avg_pool1d(scales[-1], 4, stride=2, padding=1, count_include_pad=False))
        return apply_each(self.discriminators, scales)

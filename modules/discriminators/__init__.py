"""Discriminators of waveforms, by `type`. A new one adds its config and its class to the two lists here.

A discriminator is a module that takes waveforms (B, 1, T) and returns a `DiscriminatorOutput` of each of its
sub-discriminators. Its config has the arguments of its constructor, a `type` and a `weight`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from pydantic import Field
from torch import nn

from hiervox.modules.discriminators.multi_band import MultiBandConfig, MultiBandDiscriminator
from hiervox.modules.discriminators.multi_period import MultiPeriodConfig, MultiPeriodDiscriminator
from hiervox.modules.discriminators.multi_resolution_magnitude import (
    MultiResolutionMagnitudeConfig,
    MultiResolutionMagnitudeDiscriminator,
)
from hiervox.modules.discriminators.multi_resolution_stft import (
    MultiResolutionSTFTConfig,
    MultiResolutionSTFTDiscriminator,
)
from hiervox.modules.discriminators.multi_scale import (
    MelGANMultiScaleConfig,
    MelGANMultiScaleDiscriminator,
    MultiScaleConfig,
    MultiScaleDiscriminator,
)
from hiervox.modules.discriminators.sub_band_cqt import SubBandCQTConfig, SubBandCQTDiscriminator
from hiervox.modules.discriminators.wavelet import WaveletConfig, WaveletDiscriminator

AnyDiscriminator = Annotated[
    MelGANMultiScaleConfig
    | MultiBandConfig
    | MultiPeriodConfig
    | MultiResolutionMagnitudeConfig
    | MultiResolutionSTFTConfig
    | MultiScaleConfig
    | SubBandCQTConfig
    | WaveletConfig,
    Field(discriminator="type"),
]
"""The config of one discriminator, by its `type`."""

BUILDERS: dict[str, Callable[..., nn.Module]] = {
    "melgan_multi_scale": MelGANMultiScaleDiscriminator,
    "multi_band": MultiBandDiscriminator,
    "multi_period": MultiPeriodDiscriminator,
    "multi_resolution_magnitude": MultiResolutionMagnitudeDiscriminator,
    "multi_resolution_stft": MultiResolutionSTFTDiscriminator,
    "multi_scale": MultiScaleDiscriminator,
    "sub_band_cqt": SubBandCQTDiscriminator,
    "wavelet": WaveletDiscriminator,
}


def build_discriminator(config: AnyDiscriminator) -> nn.Module:
    """The module that a config describes."""
    arguments = config.model_dump(exclude={"type", "weight"})
    return BUILDERS[config.type](**arguments)

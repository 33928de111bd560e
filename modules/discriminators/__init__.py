"""Discriminators of waveforms, by the `type` of their config. A new one adds its class to the list here."""

from __future__ import annotations

from typing import Annotated

from hiervox.modules.discriminators.config import Discriminator, DiscriminatorConfig
from hiervox.modules.discriminators.multi_band import MultiBandDiscriminator
from hiervox.modules.discriminators.multi_period import MultiPeriodDiscriminator
from hiervox.modules.discriminators.multi_resolution_magnitude import MultiResolutionMagnitudeDiscriminator
from hiervox.modules.discriminators.multi_resolution_stft import MultiResolutionSTFTDiscriminator
from hiervox.modules.discriminators.multi_scale import MelGANMultiScaleDiscriminator, MultiScaleDiscriminator
from hiervox.modules.discriminators.sub_band_cqt import SubBandCQTDiscriminator
from hiervox.modules.discriminators.wavelet import WaveletDiscriminator
from hiervox.utils.schema import OneOf

DISCRIMINATORS: list[type[Discriminator]] = [
    MelGANMultiScaleDiscriminator,
    MultiBandDiscriminator,
    MultiPeriodDiscriminator,
    MultiResolutionMagnitudeDiscriminator,
    MultiResolutionSTFTDiscriminator,
    MultiScaleDiscriminator,
    SubBandCQTDiscriminator,
    WaveletDiscriminator,
]

AnyDiscriminator = Annotated[
    DiscriminatorConfig, OneOf("type", lambda: [network.config_class for network in DISCRIMINATORS])
]
"""The config of one discriminator; its `type` is looked up when it is validated."""


def build_discriminator(config: DiscriminatorConfig) -> Discriminator:
    """The module that a config describes."""
    build = {network.config_class: network for network in DISCRIMINATORS}[type(config)]
    return build(config)

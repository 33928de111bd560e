"""The networks that a config may choose from."""

from __future__ import annotations

from hiervox.models.sr.speechsr.config import AnySpeechSRConfig, SpectralSpeechSRConfig
from hiervox.models.sr.speechsr.networks.spectral import SpectralSpeechSR
from hiervox.models.sr.speechsr.networks.speechsr import SpeechSR

AnySpeechSR = SpeechSR | SpectralSpeechSR


def build_network(config: AnySpeechSRConfig) -> AnySpeechSR:
    """The network of `config.kind`: the published one, or the light one."""
    if isinstance(config, SpectralSpeechSRConfig):
        return SpectralSpeechSR(config)
    return SpeechSR(config)

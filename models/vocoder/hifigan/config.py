"""What can be set in HiFi-GAN; sizes V1, V2 and V3 of the paper (appendix A)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from hiervox.models.vocoder._gan.config import (
    HIFIGAN_DISCRIMINATORS,
    HIFIGAN_TRAINING,
    UTTERANCE_PEAK,
    GANVocoderExperiment,
)
from hiervox.modules.generators.hifigan import HiFiGANSizes

SIZES = {
    "v1": HiFiGANSizes(),
    "v2": HiFiGANSizes(initial_channels=128),
    "v3": HiFiGANSizes(
        initial_channels=256,
        rates=(8, 8, 4),
        kernel_sizes=(16, 16, 8),
        block_kernel_sizes=(3, 5, 7),
        block_dilations=((1, 2), (2, 6), (3, 12)),
        paired_blocks=False,
    ),
}


class HiFiGANExperiment(GANVocoderExperiment):
    """A training run of HiFi-GAN."""

    model: HiFiGANSizes = SIZES["v1"]
    sizes: ClassVar[Mapping[str, HiFiGANSizes]] = SIZES
    defaults: ClassVar[Mapping[str, Any]] = {
        "mel": "hifigan",
        "features": {"peak": UTTERANCE_PEAK},
        "discriminators": HIFIGAN_DISCRIMINATORS,
        "train": {**HIFIGAN_TRAINING, "batch_size": 16, "max_steps": 2_500_000},
    }

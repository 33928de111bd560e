"""What can be set in iSTFTNet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from hiervox.models.vocoder._gan.config import (
    HIFIGAN_DISCRIMINATORS,
    HIFIGAN_TRAINING,
    UTTERANCE_PEAK,
    GANVocoderExperiment,
)
from hiervox.models.vocoder.istftnet.network import ISTFTNetSizes


class ISTFTNetExperiment(GANVocoderExperiment):
    """A training run of iSTFTNet, trained as HiFi-GAN is."""

    model: ISTFTNetSizes = ISTFTNetSizes()
    defaults: ClassVar[Mapping[str, Any]] = {
        "mel": "hifigan",
        "features": {"peak": UTTERANCE_PEAK},
        "discriminators": HIFIGAN_DISCRIMINATORS,
        "train": {**HIFIGAN_TRAINING, "batch_size": 16, "max_steps": 2_500_000},
    }

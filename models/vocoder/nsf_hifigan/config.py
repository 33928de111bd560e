"""What can be set in NSF-HiFi-GAN; the two networks of openvpi, and Amphion's frame."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from hiervox.models.vocoder.config import adam
from hiervox.models.vocoder.gan.config import (
    HIFIGAN_DISCRIMINATORS,
    GANVocoderExperiment,
)
from hiervox.modules.generators.nsf_hifigan import NSFHiFiGANSizes

PERIODS = (3, 5, 7, 11, 17, 23, 37)
SIZES = {
    "harmonic": NSFHiFiGANSizes(),
    "pitch_controllable": NSFHiFiGANSizes(source="sine"),
    "amphion": NSFHiFiGANSizes(
        in_channels=100,
        initial_channels=768,
        rates=(8, 4, 2, 2, 2),
        kernel_sizes=(16, 8, 4, 4, 4),
        sample_rate=24_000,
    ),
}


class NSFHiFiGANExperiment(GANVocoderExperiment):
    """A training run of NSF-HiFi-GAN.

    The pitch-controllable network is trained on recordings as they are; openvpi's training on resynthesised
    pitch shifts is not done.
    """

    model: NSFHiFiGANSizes = SIZES["harmonic"]
    sizes: ClassVar[Mapping[str, NSFHiFiGANSizes]] = SIZES
    defaults: ClassVar[Mapping[str, Any]] = {
        "mel": "nsf_hifigan",
        "features": {"pitch": {"f_min": 65.0, "f_max": 1100.0, "hop_seconds": 512 / 44_100}},
        "discriminators": {
            **HIFIGAN_DISCRIMINATORS,
            "period": {"type": "multi_period", "periods": PERIODS},
        },
        "train": {
            **adam(1e-4, (0.8, 0.99), 0.999, "epoch", "AdamW"),
            "batch_size": 10,
            "max_steps": 1_000_000,
        },
    }

"""What can be set in NSF-HiFi-GAN; the two networks of openvpi, and Amphion's frame."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import Field, model_validator

from hiervox.models.base.config import LossWeight
from hiervox.models.vocoder._gan.config import (
    HIFIGAN_DISCRIMINATORS,
    GANVocoderExperiment,
    GANVocoderLossConfig,
)
from hiervox.models.vocoder.config import adam
from hiervox.modules.generators.nsf_hifigan import NSFHiFiGANSizes
from hiervox.utils.config import Config

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


class PitchShiftConfig(Config):
    """Resynthesis at another pitch in training.

    Attributes:
        share: of a batch; openvpi's is 0.4 to 0.5.
        semitones: the largest shift, up or down.
    """

    share: float = Field(0.0, ge=0, le=1)
    semitones: float = Field(12.0, gt=0, le=24)


class NSFHiFiGANLossConfig(GANVocoderLossConfig):
    """Weights of the generator's terms.

    Attributes:
        shift_consistency: L1 of samples whose pitch was shifted at once and in two steps.
    """

    shift_consistency: LossWeight = 30.0


class NSFHiFiGANExperiment(GANVocoderExperiment):
    """A training run of NSF-HiFi-GAN.

    Attributes:
        pitch_shift: of the pitch-controllable network's training; by default there is none.
    """

    pitch_shift: PitchShiftConfig = PitchShiftConfig()
    loss: NSFHiFiGANLossConfig = NSFHiFiGANLossConfig()
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

    @model_validator(mode="after")
    def _check_shift(self) -> NSFHiFiGANExperiment:
        if self.pitch_shift.share and self.model.source != "sine":
            raise ValueError("pitch_shift.share is for model.source sine, of model pitch_controllable")
        return self

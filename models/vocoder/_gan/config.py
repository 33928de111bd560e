"""The experiment of a GAN vocoder."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import model_validator

from hiervox.models.base.config import LossWeight
from hiervox.models.base.training.adversarial_config import AdversarialExperiment, AdversarialLossConfig
from hiervox.models.vocoder.config import VocoderExperiment, adam


class GANVocoderLossConfig(AdversarialLossConfig):
    """Weights of the generator's terms.

    Attributes:
        mel: of the log-mel distance up to half of the sampling rate.
        multi_scale_mel: of BigVGAN v2's sum of seven log-mel distances.
        spectral_convergence, log_magnitude: of UnivNet's distances of magnitudes at three resolutions.
    """

    mel: LossWeight = 45.0
    multi_scale_mel: LossWeight = 0.0
    spectral_convergence: LossWeight = 0.0
    log_magnitude: LossWeight = 0.0


class GANVocoderExperiment(VocoderExperiment, AdversarialExperiment):
    """A training run of a GAN vocoder.

    Attributes:
        loss: see `GANVocoderLossConfig`.
    """

    loss: GANVocoderLossConfig = GANVocoderLossConfig()

    @model_validator(mode="after")
    def _check_segment(self) -> GANVocoderExperiment:
        segment = self.data.segment_samples
        if self.adversarial and segment is not None and segment < self.discriminator_samples:
            raise ValueError(
                f"data.segment_samples must be at least the discriminators' {self.discriminator_samples}"
            )
        return self


GANVocoderExperimentT = TypeVar("GANVocoderExperimentT", bound=GANVocoderExperiment)


HIFIGAN_DISCRIMINATORS: dict[str, Any] = {
    "period": {"type": "multi_period"},
    "scale": {"type": "multi_scale"},
}
UTTERANCE_PEAK: dict[str, Any] = {"lowest": 0.95, "highest": 0.95}
"""To which HiFi-GAN and those that follow it scale every recording."""
HIFIGAN_TRAINING = adam(2e-4, (0.8, 0.99), 0.999, "epoch", "AdamW")

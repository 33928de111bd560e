"""What can be set in VitsSVC. Defaults are those of the published recipe, but at 24 kHz."""

from __future__ import annotations

from pydantic import Field, PositiveFloat, PositiveInt, model_validator

from hiervox.models.base.config import LossWeight
from hiervox.models.base.training.adversarial_config import AdversarialExperiment, AdversarialLossConfig
from hiervox.models.base.training.discriminators import AnyDiscriminator
from hiervox.models.svc._singing.config import (
    SingingExperiment,
    SingingOptimizerConfig,
    SingingTrainConfig,
)
from hiervox.models.svc.vits_svc.network import VitsSVCSizes
from hiervox.models.tts._vae.config import DISCRIMINATORS


class VitsSVCLossConfig(AdversarialLossConfig):
    """Weights of the loss terms.

    Attributes:
        mel: L1 of the slices' log-mel spectrograms.
        kl: of the posterior against the song's prior.
    """

    mel: LossWeight = 45.0
    kl: LossWeight = 1.0


class VitsSVCOptimizerConfig(SingingOptimizerConfig):
    """AdamW at the published rate."""

    learning_rate: PositiveFloat = 2e-4
    betas: tuple[float, float] = (0.8, 0.99)


class VitsSVCTrainConfig(SingingTrainConfig):
    """The training loop with the published optimizer and batch; no gradients are clipped."""

    batch_size: PositiveInt = 32
    clip_norm: PositiveFloat | None = None
    optimizer: VitsSVCOptimizerConfig = VitsSVCOptimizerConfig()


class VitsSVCExperiment(SingingExperiment, AdversarialExperiment):
    """A training run of VitsSVC.

    Attributes:
        loss: weights.
        discriminators: of slices of waveform; VITS'.
    """

    train: VitsSVCTrainConfig = VitsSVCTrainConfig()
    model: VitsSVCSizes = VitsSVCSizes()
    loss: VitsSVCLossConfig = VitsSVCLossConfig()
    discriminators: dict[str, AnyDiscriminator] = Field(default_factory=lambda: dict(DISCRIMINATORS))

    @model_validator(mode="after")
    def _decoder_fits(self) -> VitsSVCExperiment:
        if self.mel.n_bins != self.model.n_bins:
            raise ValueError(f"model.n_bins must be {self.mel.n_bins}, the bins of mel.n_fft")
        decoder = self.model.decoder
        if (self.mel.hop_length, self.mel.sample_rate) != (decoder.hop_length, decoder.sample_rate):
            raise ValueError(
                f"mel must have {decoder.sample_rate} Hz and hops of {decoder.hop_length}, as model.decoder"
            )
        self.require_segment_frames(self.model.segment_frames, self.mel.hop_length)
        return self

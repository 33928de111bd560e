"""What can be set in the training of latent diffusion of spectrograms."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import Field, PositiveFloat, PositiveInt, model_validator

from hiervox.models.base.config import (
    Beta,
    DataConfig,
    ExperimentConfig,
    LossWeight,
    LossWeights,
    OptimizerConfig,
    ScheduleConfig,
    TrainConfig,
)
from hiervox.models.tta._latent.autoencoder import MelAutoencoderSizes
from hiervox.models.tta._latent.diffusion import LatentDiffusionSizes
from hiervox.models.tta._latent.patches import PatchDiscriminatorSizes
from hiervox.processors.mel_presets import MelSection, mel_preset
from hiervox.utils.config import filled
from hiervox.utils.errors import ConfigError

SEGMENT_FRAMES = 624
DISCRIMINATOR = "discriminator"
PATCH_START = 50_001
"""Step from which the discriminator takes part (Amphion)."""


class SoundDataConfig(DataConfig):
    """Segments of recordings at 16 kHz, of ten seconds; shorter recordings are followed by silence."""

    sample_rate: PositiveInt = 16_000
    segment_samples: PositiveInt | None = SEGMENT_FRAMES * 256


class LatentDataConfig(SoundDataConfig):
    """Recordings and what makes latents of them.

    Attributes:
        autoencoder: the run or checkpoint of the autoencoder whose latents are learnt.
        keep_latents: encode each recording once, and keep its latent in memory; for recordings that are no
            longer than a segment, of which there is only one then.
    """

    autoencoder: Path = Path("exp/runs/autoencoder")
    keep_latents: bool = False


class AudioOptimizerConfig(OptimizerConfig):
    """AdamW with torch's defaults, but for the rate."""

    learning_rate: PositiveFloat = 4e-5
    betas: tuple[Beta, Beta] = (0.9, 0.999)
    eps: PositiveFloat = 1e-8


class DiffusionOptimizerConfig(AudioOptimizerConfig):
    """As the autoencoder's, at the rate of the U-Net."""

    learning_rate: PositiveFloat = 5e-5


class AutoencoderTrainConfig(TrainConfig):
    """The training loop with the published optimizer and batch.

    Published, steps of the autoencoder and of the discriminator take turns; here each step is of both.
    """

    max_steps: PositiveInt = 500_000
    batch_size: PositiveInt = 12
    optimizer: OptimizerConfig = AudioOptimizerConfig()
    schedule: ScheduleConfig = ScheduleConfig(kind="constant")


class DiffusionTrainConfig(TrainConfig):
    """The training loop with the published optimizer and batch."""

    max_steps: PositiveInt = 500_000
    batch_size: PositiveInt = 12
    optimizer: OptimizerConfig = DiffusionOptimizerConfig()
    schedule: ScheduleConfig = ScheduleConfig(kind="constant")


class AutoencoderLossConfig(LossWeights):
    """Weights of the loss terms.

    Attributes:
        reconstruction: negative log-likelihood of a Laplace distribution of learnt width, up to constants.
        kl: divergence of a latent from the standard normal distribution, summed over it.
        adversarial: what the discriminator says, its gradient at the decoder's last layer made as long as
            that of the reconstruction; 0 for no discriminator.
        discriminator: what it minimises itself.
    """

    reconstruction: LossWeight = 1.0
    kl: LossWeight = 1e-8
    adversarial: LossWeight = 0.5
    discriminator: LossWeight = 0.5


class SoundExperiment(ExperimentConfig):
    """Base of the experiments.

    Attributes:
        mel: of the spectrograms.
    """

    data: SoundDataConfig
    mel: MelSection = mel_preset("audioldm")

    @property
    def segment_samples(self) -> int:
        """Of every example."""
        assert self.data.segment_samples is not None
        return self.data.segment_samples

    @property
    def segment_frames(self) -> int:
        """Of every example's spectrogram."""
        return self.segment_samples // self.mel.hop_length

    def require_places(self, multiple: int) -> None:
        """Refuse examples that are no whole number of places of a latent.

        Args:
            multiple: frames of a place.

        Raises:
            ConfigError: such examples.
        """
        samples = multiple * self.mel.hop_length
        if self.segment_samples % samples:
            raise ConfigError(
                f"data.segment_samples {self.segment_samples} is not a multiple of {samples}",
                "which are the samples of a place of the latent",
            )

    @model_validator(mode="after")
    def _rates_agree(self) -> SoundExperiment:
        if self.mel.sample_rate != self.data.sample_rate:
            raise ValueError(f"data.sample_rate must be mel.sample_rate, {self.mel.sample_rate}")
        if self.data.segment_samples is None:
            raise ValueError("data.segment_samples must be set: all examples are of one length")
        return self


class AutoencoderExperiment(SoundExperiment):
    """A training run of an autoencoder.

    Attributes:
        model: sizes.
        patches: of the discriminator.
        loss: weights.
    """

    train: AutoencoderTrainConfig = AutoencoderTrainConfig()
    model: MelAutoencoderSizes = MelAutoencoderSizes()
    patches: PatchDiscriminatorSizes = PatchDiscriminatorSizes()
    loss: AutoencoderLossConfig = AutoencoderLossConfig()

    @model_validator(mode="before")
    @classmethod
    def _discriminator_starts_late(cls, given: Any) -> Any:
        """From step `PATCH_START` on, where `train.networks` says nothing of it and there is one."""
        if not isinstance(given, Mapping):
            return given
        train, loss = (given.get(name, {}) for name in ("train", "loss"))
        named = not isinstance(train, Mapping) or DISCRIMINATOR in train.get("networks", {})
        without = isinstance(loss, Mapping) and loss.get("adversarial") == 0
        late = {"train": {"networks": {DISCRIMINATOR: {"start_step": PATCH_START}}}}
        return given if named or without else filled(given, late)

    @model_validator(mode="after")
    def _fits_together(self) -> AutoencoderExperiment:
        if self.mel.n_mels != self.model.n_mels:
            raise ValueError(f"model.n_mels must be mel.n_mels, {self.mel.n_mels}")
        return self


class LatentDiffusionLossConfig(LossWeights):
    """Weights of the loss terms.

    Attributes:
        diffusion: squared error of what the U-Net tells.
    """

    diffusion: LossWeight = 1.0


class LatentDiffusionExperiment(SoundExperiment):
    """A training run of a diffusion of latents.

    Attributes:
        model: sizes.
        loss: weights.
        caption_dropout: share of the captions that are emptied, for classifier-free guidance.
        min_snr: cap of the signal-to-noise ratio by which steps are weighted (arXiv 2303.09556); None weights
            all alike.
    """

    data: LatentDataConfig
    train: DiffusionTrainConfig = DiffusionTrainConfig()
    model: LatentDiffusionSizes = LatentDiffusionSizes()
    loss: LatentDiffusionLossConfig = LatentDiffusionLossConfig()
    caption_dropout: float = Field(0.1, ge=0, lt=1)
    min_snr: PositiveFloat | None = None


LatentExperimentT = TypeVar("LatentExperimentT", bound=LatentDiffusionExperiment)


def require_same_latent(diffusion: LatentDiffusionExperiment, autoencoder: AutoencoderExperiment) -> None:
    """Refuse an autoencoder whose latent is not the diffusion's.

    Raises:
        ConfigError: naming both values of what differs.
    """
    own, other = diffusion.model, autoencoder.model
    pairs = {
        "latent_channels": (own.latent_channels, other.latent_channels),
        "latent_bins": (own.latent_bins, other.latent_bins),
    }
    differ = [f"{name} {mine} against {theirs}" for name, (mine, theirs) in pairs.items() if mine != theirs]
    differ += [f"mel.{difference}" for difference in diffusion.mel.differences(autoencoder.mel)]
    if differ:
        raise ConfigError(
            f"the diffusion and its autoencoder differ: {', '.join(differ)}",
            "train it on that autoencoder's latents",
        )

"""What can be set in the training of both systems."""

from __future__ import annotations

from typing import Any

from pydantic import Field, PositiveFloat, PositiveInt, model_validator

from hiervox.models.base.config import (
    DataConfig,
    ExperimentConfig,
    OptimizerConfig,
    ScheduleConfig,
    TrainConfig,
)
from hiervox.models.base.data.setup import FeaturesConfig, semantic_by_default
from hiervox.models.vc._diffusion.network import F0_PER_FRAME, MelDiffusionSizes
from hiervox.processors.audio import HOP_LENGTH, PAD_MULTIPLE, SAMPLE_RATE
from hiervox.processors.semantic import XLS_R
from hiervox.processors.spectrogram import SpectrogramConfig

SEGMENT_SAMPLES = 112 * HOP_LENGTH


class ConversionDataConfig(DataConfig):
    """Segments of recordings at 16 kHz, padded as the published models were trained."""

    pad_multiple: PositiveInt | None = PAD_MULTIPLE
    segment_samples: PositiveInt | None = SEGMENT_SAMPLES


class ConversionOptimizerConfig(OptimizerConfig):
    """AdamW as published."""

    learning_rate: PositiveFloat = 5e-5


class ConversionScheduleConfig(ScheduleConfig):
    """The published decay, once an epoch."""

    decay: float = Field(0.999875, gt=0, le=1)


class ConversionTrainConfig(TrainConfig):
    """The training loop with the published optimizer and batch."""

    batch_size: PositiveInt = 32
    optimizer: ConversionOptimizerConfig = ConversionOptimizerConfig()
    schedule: ConversionScheduleConfig = ConversionScheduleConfig()


class ConversionExperiment(ExperimentConfig):
    """Base of a training run of either network.

    Attributes:
        train: the loop.
        model: sizes.
        features: what the data was extracted with; content by XLS-R's 12th layer unless `semantic` is set.
        mel: of the spectrograms.
    """

    data: ConversionDataConfig
    train: ConversionTrainConfig = ConversionTrainConfig()
    model: MelDiffusionSizes
    features: FeaturesConfig = FeaturesConfig(semantic=XLS_R)
    mel: SpectrogramConfig = SpectrogramConfig()

    @model_validator(mode="before")
    @classmethod
    def _published_content(cls, given: Any) -> Any:
        return semantic_by_default(given, XLS_R)

    @model_validator(mode="after")
    def _features_fit(self) -> ConversionExperiment:
        if self.mel.n_mels != self.model.mel_channels:
            raise ValueError(f"model.mel_channels must be mel.n_mels, {self.mel.n_mels}")
        if (self.mel.sample_rate, self.mel.hop_length) != (SAMPLE_RATE, HOP_LENGTH):
            raise ValueError(f"mel must have a frame every {HOP_LENGTH} samples at {SAMPLE_RATE} Hz")
        if self.data.sample_rate != SAMPLE_RATE:
            raise ValueError(f"data.sample_rate must be {SAMPLE_RATE}")
        require_f0_rate(self.features)
        if self.features.perturbed_copies == 0:
            raise ValueError("features.perturbed_copies must be at least 1: the content is read off them")
        return self


def require_f0_rate(features: FeaturesConfig) -> None:
    """Refuse F0 at another rate than the networks take it at.

    Raises:
        ValueError: naming the setting.
    """
    hop_seconds = HOP_LENGTH / SAMPLE_RATE / F0_PER_FRAME
    if features.pitch.hop_seconds != hop_seconds:
        raise ValueError(f"features.pitch.hop_seconds must be {hop_seconds:g}")

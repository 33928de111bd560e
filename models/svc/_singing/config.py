"""What can be set in the training of singing voice conversion."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field, PositiveFloat, PositiveInt, TypeAdapter, model_validator

from hiervox.models.base.config import DataConfig, ExperimentConfig, OptimizerConfig, TrainConfig
from hiervox.models.base.data.setup import FeaturesConfig
from hiervox.models.svc._singing.network import SingingSizes
from hiervox.models.tts.speakers import require_names, share_speakers
from hiervox.processors.mel_presets import BIGVGAN_24K, MelSection
from hiervox.processors.spectrogram import SpectrogramConfig
from hiervox.utils.config import filled

PITCH: Mapping[str, Any] = {"method": "praat", "f_min": 50.0, "f_max": 1100.0}
"""Of singing; docs/guides/svc.md compares trackers."""


class SingingDataConfig(DataConfig):
    """Recordings at 24 kHz, cropped at random to what was published."""

    sample_rate: PositiveInt = 24_000
    max_frames: PositiveInt | None = 512


class SingingOptimizerConfig(OptimizerConfig):
    """AdamW at the rate of the published recipes for transformers."""

    learning_rate: PositiveFloat = 4e-4


class SingingTrainConfig(TrainConfig):
    """The training loop with the published optimizer and batch."""

    batch_size: PositiveInt = 64
    clip_norm: PositiveFloat | None = 1.0
    optimizer: SingingOptimizerConfig = SingingOptimizerConfig()


class SingingExperiment(ExperimentConfig):
    """Base of a training run.

    Attributes:
        model: sizes.
        features: what the data was extracted with: content, and F0 at the spectrogram's frames.
        mel: of the spectrograms; by default BigVGAN's at 24 kHz, as published.
    """

    data: SingingDataConfig
    train: SingingTrainConfig = SingingTrainConfig()
    model: SingingSizes
    features: FeaturesConfig = Field(default_factory=FeaturesConfig)
    mel: MelSection = BIGVGAN_24K

    @model_validator(mode="before")
    @classmethod
    def _share(cls, given: Any) -> Any:
        """Singers of the table are the data's speakers; rates are the spectrogram's unless they are set."""
        if not isinstance(given, Mapping):
            return given
        mel: SpectrogramConfig = TypeAdapter(MelSection).validate_python(given.get("mel", BIGVGAN_24K))
        pitch = {**PITCH, "hop_seconds": mel.hop_length / mel.sample_rate}
        rates = {"data": {"sample_rate": mel.sample_rate}, "features": {"pitch": pitch}}
        return filled(share_speakers(given), rates)

    @model_validator(mode="after")
    def _fits_together(self) -> SingingExperiment:
        if self.mel.n_mels != self.model.mel_channels:
            raise ValueError(f"model.mel_channels must be mel.n_mels, {self.mel.n_mels}")
        if self.mel.sample_rate != self.data.sample_rate:
            raise ValueError(f"data.sample_rate must be mel.sample_rate, {self.mel.sample_rate}")
        if abs(self.features.pitch.hop_seconds * self.mel.frame_rate - 1) > 1e-3:
            raise ValueError(f"features.pitch.hop_seconds must be that of mel, {1 / self.mel.frame_rate:g}")
        require_names(self.features.speaker.names, self.model.speakers)
        if len(self.features.content) != len(self.model.condition.content_channels):
            raise ValueError("model.condition.content_channels needs a width for each of features.content")
        return self

"""What can be set in Matcha-TTS. Defaults are the published LJ Speech model's."""

from __future__ import annotations

from typing import Any, Literal

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
from hiervox.models.base.data.setup import FeaturesConfig
from hiervox.models.tts._voices.config import SpeakerSizes
from hiervox.models.tts.config import ClipLimits
from hiervox.models.tts.matcha_tts.networks.text_encoder import MatchaTextEncoderSizes
from hiervox.models.tts.matcha_tts.networks.velocity import VelocityUNetSizes
from hiervox.models.tts.speakers import require_names, share_speakers
from hiervox.modules.predictors.variance import VariancePredictorSizes
from hiervox.processors.mel_presets import MelSection, mel_preset
from hiervox.processors.text.config import TextConfig

TEMPERATURE = 0.667
STEPS = 10
"""Of the published inference."""


class MatchaDurationSizes(VariancePredictorSizes):
    """The duration predictor."""

    dropout: float = Field(0.1, ge=0, lt=1)


class MatchaConfig(SpeakerSizes):
    """The network.

    Attributes:
        n_symbols: size of the phoneme table.
        channels: of the text's embedding.
        text_encoder, duration, decoder: sizes of the parts.
        mel_mean, mel_std: of all values of the corpus's log-mels.
        segment_frames: of a random slice that the flow is trained on; None for whole clips.
        blanks: a blank stands before, between and after the tokens.
    """

    style_channels: PositiveInt = 64
    n_symbols: PositiveInt = 178
    channels: PositiveInt = 192
    text_encoder: MatchaTextEncoderSizes = MatchaTextEncoderSizes()
    duration: MatchaDurationSizes = MatchaDurationSizes()
    decoder: VelocityUNetSizes = VelocityUNetSizes()
    mel_mean: float = Field(-5.536622, allow_inf_nan=False)
    mel_std: PositiveFloat = Field(2.116101, allow_inf_nan=False)
    segment_frames: PositiveInt | None = None
    blanks: bool = True

    @model_validator(mode="after")
    def _sizes_fit(self) -> MatchaConfig:
        heads = self.text_encoder.n_heads
        if (self.channels + self.condition_channels) % (4 * heads):
            raise ValueError(f"channels and style_channels must sum to a multiple of {4 * heads}")
        if (self.segment_frames or 0) % self.decoder.multiple:
            raise ValueError(f"segment_frames must be a multiple of {self.decoder.multiple}")
        return self


class MatchaLossConfig(LossWeights):
    """Weights of the loss terms (section 2.2 and 2.3).

    Attributes:
        flow: squared error of the velocity, an element.
        prior: negative log-likelihood of the frames under the text's Gaussians of variance 1, an element.
        duration: squared error of the log-durations, a token.
    """

    flow: LossWeight = 1.0
    prior: LossWeight = 1.0
    duration: LossWeight = 1.0


class MatchaOptimizerConfig(OptimizerConfig):
    """Adam, as published."""

    name: Literal["Adam", "AdamW", "Adamax", "NAdam", "RAdam"] = "Adam"
    learning_rate: PositiveFloat = 1e-4
    betas: tuple[Beta, Beta] = (0.9, 0.999)
    eps: PositiveFloat = 1e-8
    weight_decay: float = Field(0.0, ge=0)


class MatchaScheduleConfig(ScheduleConfig):
    """None, as published."""

    decay: float = Field(1.0, gt=0, le=1)


class MatchaTrainConfig(TrainConfig):
    """The training loop with the published optimizer, batch and length."""

    max_steps: PositiveInt = 500_000
    clip_norm: PositiveFloat | None = 5.0
    optimizer: MatchaOptimizerConfig = MatchaOptimizerConfig()
    schedule: MatchaScheduleConfig = MatchaScheduleConfig()


class MatchaDataConfig(DataConfig):
    """Recordings at 22.05 kHz."""

    sample_rate: PositiveInt = 22_050


class MatchaExperiment(ExperimentConfig):
    """A training run of Matcha-TTS.

    Attributes:
        model: sizes.
        loss: weights.
        features: `speaker.names` are `model.speakers`, where there are several.
        text: languages and symbols; the table has room for each of the symbols.
        limits: which utterances are used.
        mel: what the text becomes; a vocoder has to take the same.
    """

    data: MatchaDataConfig
    train: MatchaTrainConfig = MatchaTrainConfig()
    model: MatchaConfig = MatchaConfig()
    loss: MatchaLossConfig = MatchaLossConfig()
    features: FeaturesConfig = FeaturesConfig()
    text: TextConfig = TextConfig()
    limits: ClipLimits = ClipLimits()
    mel: MelSection = mel_preset("hifigan")

    @model_validator(mode="before")
    @classmethod
    def _share_speakers(cls, given: Any) -> Any:
        return share_speakers(given)

    @model_validator(mode="after")
    def _fits_together(self) -> MatchaExperiment:
        require_names(self.features.speaker.names, self.model.speakers)
        if self.mel.n_mels != self.model.mel_channels:
            raise ValueError(f"model.mel_channels must be mel.n_mels, {self.mel.n_mels}")
        return self

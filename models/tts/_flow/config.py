"""What can be set in a flow from text to frames. Defaults: Glow-TTS (arXiv 2005.11129, published code)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field, PositiveFloat, PositiveInt, model_validator

from hiervox.models.base.config import (
    ExperimentConfig,
    LossWeight,
    LossWeights,
    TrainConfig,
)
from hiervox.models.base.data.setup import FeaturesConfig
from hiervox.models.tts._voices.config import SpeakerSizes
from hiervox.models.tts.config import (
    ClipLimits,
    NoamOptimizerConfig,
    NoamScheduleConfig,
)
from hiervox.models.tts.speakers import require_names, share_speakers
from hiervox.modules.encoders.phoneme import PhonemeEncoderSizes
from hiervox.modules.flows.glow import GlowSizes
from hiervox.modules.predictors.variance import VariancePredictorSizes
from hiervox.processors.text.config import TextConfig

NOISE_SCALE = 0.667
"""Of the prior's standard deviation at inference, as published."""


class FlowTextEncoderSizes(PhonemeEncoderSizes):
    """The text encoder."""

    prenet_layers: int = Field(3, ge=0)
    mean_only: bool = True


class FlowDurationSizes(VariancePredictorSizes):
    """The duration predictor."""

    dropout: float = Field(0.1, ge=0, lt=1)


class FlowModelConfig(SpeakerSizes):
    """The network.

    Attributes:
        n_symbols: size of the phoneme table.
        frame_channels: of what the text becomes: mel bins, or a latent; also of references, whose
            `mel_channels` they are by default.
        channels: of the text encoder.
        text_encoder, duration, flow: sizes of the parts.
        blanks: a blank stands before, between and after the tokens.
    """

    n_symbols: PositiveInt = 178
    frame_channels: PositiveInt = 80
    channels: PositiveInt = 192
    text_encoder: FlowTextEncoderSizes = FlowTextEncoderSizes()
    duration: FlowDurationSizes = FlowDurationSizes()
    flow: GlowSizes = GlowSizes()
    blanks: bool = True

    @model_validator(mode="before")
    @classmethod
    def _references_are_frames(cls, given: Any) -> Any:
        if isinstance(given, Mapping) and "frame_channels" in given:
            return {"mel_channels": given["frame_channels"], **given}
        return given

    @model_validator(mode="after")
    def _sizes_fit(self) -> FlowModelConfig:
        if self.channels % self.text_encoder.n_heads:
            raise ValueError("text_encoder.n_heads must divide channels")
        if self.frame_channels * self.flow.squeeze % self.flow.group:
            raise ValueError("flow.group must divide frame_channels times flow.squeeze")
        if self.mel_channels != self.frame_channels:
            raise ValueError(f"mel_channels must be frame_channels, {self.frame_channels}")
        return self


class FlowLossConfig(LossWeights):
    """Weights of the loss terms (sections 3.1 and 3.2).

    Attributes:
        likelihood: negative log-likelihood an element of the frames.
        duration: squared error of the log-durations.
    """

    likelihood: LossWeight = 1.0
    duration: LossWeight = 1.0


class FlowOptimizerConfig(NoamOptimizerConfig):
    """Adam at the peak of the published schedule (section 4): (192 · 4000) to the power of -1/2."""

    learning_rate: PositiveFloat = (192 * 4000) ** -0.5


class FlowTrainConfig(TrainConfig):
    """The training loop with the published optimizer and batch; two GPUs had 32 each for 240,000 steps.

    The published code clips each gradient value to 5; here their norm is.
    """

    max_steps: PositiveInt = 240_000
    batch_size: PositiveInt = 64
    clip_norm: PositiveFloat | None = 5.0
    optimizer: FlowOptimizerConfig = FlowOptimizerConfig()
    schedule: NoamScheduleConfig = NoamScheduleConfig()


class FlowExperiment(ExperimentConfig):
    """A training run of a flow from text to frames.

    Attributes:
        model: sizes.
        loss: weights.
        features: `speaker.names` are `model.speakers`, where there are several.
        text: languages and symbols; the table has room for each of the symbols.
        limits: which utterances are used.
    """

    train: FlowTrainConfig = FlowTrainConfig()
    model: FlowModelConfig = FlowModelConfig()
    loss: FlowLossConfig = FlowLossConfig()
    features: FeaturesConfig = FeaturesConfig()
    text: TextConfig = TextConfig()
    limits: ClipLimits = ClipLimits()

    @model_validator(mode="before")
    @classmethod
    def _share_speakers(cls, given: Any) -> Any:
        return share_speakers(given)

    @model_validator(mode="after")
    def _speakers_agree(self) -> FlowExperiment:
        require_names(self.features.speaker.names, self.model.speakers)
        return self

"""What can be set in JETS. Defaults are the authors', where their blocks are ours, else FastSpeech 2's."""

from __future__ import annotations

from typing import Any

from pydantic import Field, PositiveFloat, PositiveInt, model_validator

from hiervox.models.base.config import LossWeight, OptimizerConfig, ScheduleConfig, TrainConfig
from hiervox.models.base.data.setup import FeaturesConfig
from hiervox.models.base.training.adversarial_config import AdversarialExperiment, AdversarialLossConfig
from hiervox.models.base.training.discriminators import AnyDiscriminator
from hiervox.models.tts._variance.config import (
    VarianceDataConfig,
    VarianceModelConfig,
    VarianceSizes,
    fill_in,
    require_fit,
)
from hiervox.models.tts._variance.feed_forward_transformer import FeedForwardTransformerSizes
from hiervox.modules.discriminators.multi_period import MultiPeriodConfig
from hiervox.modules.discriminators.multi_scale import MultiScaleConfig
from hiervox.modules.generators.hifigan import HiFiGANSizes
from hiervox.processors.mel_presets import MelSection, mel_preset
from hiervox.processors.text.config import TextConfig

MEL = "hifigan"


class JetsGeneratorSizes(HiFiGANSizes):
    """HiFi-GAN V1 from the hidden sequence."""

    in_channels: PositiveInt = 256


class JetsConfig(VarianceModelConfig):
    """The network.

    Attributes:
        generator: from frames to the waveform.
        segment_frames: frames that the generator learns from in each step.
        gaussian_upsampling: whether a frame is a weighted mean of tokens; otherwise each token is repeated.
    """

    decoder: FeedForwardTransformerSizes = FeedForwardTransformerSizes()
    pitch: VarianceSizes = VarianceSizes(embedding="convolution")
    energy: VarianceSizes = VarianceSizes(embedding="convolution")
    generator: JetsGeneratorSizes = JetsGeneratorSizes()
    segment_frames: PositiveInt = 32
    gaussian_upsampling: bool = True

    @model_validator(mode="after")
    def _generator_fits(self) -> JetsConfig:
        if self.generator.in_channels != self.channels:
            raise ValueError(f"generator.in_channels must be channels, {self.channels}")
        return self


class JetsLossConfig(AdversarialLossConfig):
    """Weights of the loss terms (the authors' recipe).

    Attributes:
        mel: L1 of the slices' log-mel spectrograms.
        duration, pitch, energy: squared errors.
        forward_sum: of the attention between texts and frames.
        binarization: minus the log-attention along the path.
    """

    mel: LossWeight = 45.0
    duration: LossWeight = 1.0
    pitch: LossWeight = 1.0
    energy: LossWeight = 1.0
    forward_sum: LossWeight = 1.0
    binarization: LossWeight = 1.0


class JetsOptimizerConfig(OptimizerConfig):
    """AdamW at the published rate."""

    learning_rate: PositiveFloat = 2e-4
    weight_decay: float = Field(0.0, ge=0)


class JetsScheduleConfig(ScheduleConfig):
    """The published decay, once an epoch."""

    decay: float = Field(0.999875, gt=0, le=1)


class JetsTrainConfig(TrainConfig):
    """The training loop with the published optimizer and length."""

    max_steps: PositiveInt = 1_000_000
    batch_size: PositiveInt = 16
    optimizer: JetsOptimizerConfig = JetsOptimizerConfig()
    schedule: JetsScheduleConfig = JetsScheduleConfig()


class JetsExperiment(AdversarialExperiment):
    """A training run of JETS.

    Attributes:
        model: sizes.
        loss: weights.
        discriminators: HiFi-GAN's, of slices of waveform.
        features: `speaker.names` are `model.speakers`, and `pitch` has a value at each mel frame.
        text: languages and symbols; the table has room for each of the symbols.
        mel: of what is aligned with the text, and of the mel loss.
    """

    data: VarianceDataConfig
    train: JetsTrainConfig = JetsTrainConfig()
    model: JetsConfig = JetsConfig()
    loss: JetsLossConfig = JetsLossConfig()
    discriminators: dict[str, AnyDiscriminator] = Field(
        default_factory=lambda: {"scale": MultiScaleConfig(), "period": MultiPeriodConfig()}
    )
    features: FeaturesConfig = FeaturesConfig()
    text: TextConfig = TextConfig()
    mel: MelSection = mel_preset(MEL)

    @model_validator(mode="before")
    @classmethod
    def _fill_in(cls, given: Any) -> Any:
        return fill_in(given, MEL)

    @model_validator(mode="after")
    def _fits_together(self) -> JetsExperiment:
        require_fit(self.data, self.model, self.mel, self.text, self.features)
        if self.mel.hop_length != self.model.generator.hop_length:
            hop = self.model.generator.hop_length
            raise ValueError(f"mel.hop_length must be {hop}, the product of model.generator.rates")
        self.require_segment_frames(self.model.segment_frames, self.mel.hop_length)
        return self

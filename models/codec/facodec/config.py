"""What can be set in FACodec. Defaults are those of the paper's authors (arXiv 2403.03100)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, PositiveFloat, PositiveInt, ValidationError, model_validator

from hiervox.models.base.config import (
    Beta,
    DataConfig,
    ExperimentConfig,
    LossWeight,
    OptimizerConfig,
    ScheduleConfig,
    TrainConfig,
)
from hiervox.models.base.data.setup import FeaturesConfig
from hiervox.models.base.training.adversarial_config import AdversarialExperiment, AdversarialLossConfig
from hiervox.models.base.training.discriminators import AnyDiscriminator
from hiervox.models.base.training.multi_scale_mel import MULTI_SCALE
from hiervox.models.codec.facodec.networks.facodec import FACodecConfig
from hiervox.models.codec.facodec.networks.predictors import PredictorSizes
from hiervox.models.codec.facodec.networks.redecoder import RedecoderSizes
from hiervox.modules.discriminators.descript import DescriptConfig
from hiervox.processors.spectrogram import SpectrogramConfig
from hiervox.processors.text.config import TextConfig
from hiervox.utils.config import filled

TRAINED_24KHZ = FACodecConfig(
    sample_rate=24_000,
    strides=(2, 5, 5, 6),
    encoder_channels=64,
    decoder_channels=1536,
    dimension=1024,
    causal=True,
    lstm_layers=2,
    prosody="mel_wavenet",
    timbre="mel",
    mel=SpectrogramConfig(
        sample_rate=24_000, n_fft=2048, win_length=1200, hop_length=300, f_max=12_000, floor=1e-5
    ),
    mel_mean=-4.0,
    mel_scale=4.0,
    predictors=PredictorSizes(
        heads=(
            "pitch_of_prosody",
            "phone_of_content",
            "speaker_of_timbre",
            "pitch_of_residual",
            "phone_of_residual",
            "speaker_of_sum",
        ),
        n_phones=1024,
        n_speakers=20_000,
    ),
)
"""The form that Plachta published with a training."""


class FACodecLossConfig(AdversarialLossConfig):
    """Weights of the terms, as the published training has them.

    Attributes:
        mel: L1 of log-mel spectrograms, summed over seven resolutions.
        commitment, codebook: of the quantisers.
        f0, energy, phone, speaker: of each attribute's own heads.
        reversed_f0, reversed_energy, reversed_phone, reversed_speaker: of those that the codec learns
            against.
    """

    mel: LossWeight = 15.0
    feature_matching: LossWeight = 1.0
    commitment: LossWeight = 0.25
    codebook: LossWeight = 1.0
    f0: LossWeight = 1.0
    energy: LossWeight = 1.0
    phone: LossWeight = 5.0
    speaker: LossWeight = 5.0
    reversed_f0: LossWeight = 1.0
    reversed_energy: LossWeight = 1.0
    reversed_phone: LossWeight = 5.0
    reversed_speaker: LossWeight = 5.0


class FACodecOptimizerConfig(OptimizerConfig):
    """AdamW, as in the published training."""

    learning_rate: PositiveFloat = 1e-4
    betas: tuple[Beta, Beta] = (0.9, 0.98)
    weight_decay: float = Field(0.1, ge=0)


class FACodecScheduleConfig(ScheduleConfig):
    """The published decay, at each step."""

    every: Literal["epoch", "step"] = "step"
    decay: float = Field(0.999996, gt=0, le=1)


class FACodecTrainConfig(TrainConfig):
    """The training loop with the published optimizer; steps and batch are the paper's (appendix B.1)."""

    max_steps: PositiveInt = 800_000
    batch_size: PositiveInt = 32
    optimizer: FACodecOptimizerConfig = FACodecOptimizerConfig()
    schedule: FACodecScheduleConfig = FACodecScheduleConfig()


def _discriminators() -> dict[str, AnyDiscriminator]:
    return {"descript": DescriptConfig()}


class FACodecExperiment(AdversarialExperiment):
    """A training run of FACodec.

    Attributes:
        data: of `model.sample_rate`, and with the codec's hop.
        model: sizes; phones are `text.symbols` and speakers `features.speaker.names`, if it does not say how
            many its heads tell apart.
        segment_frames: frames that each step learns from, of a clip; the published 80 are a second.
        loss: weights.
        discriminators: the Descript Audio Codec's.
        features: `pitch` has a value at each frame.
        text: of the phones.
    """

    data: DataConfig
    train: FACodecTrainConfig = FACodecTrainConfig()
    model: FACodecConfig = FACodecConfig()
    segment_frames: PositiveInt = 80
    loss: FACodecLossConfig = FACodecLossConfig()
    discriminators: dict[str, AnyDiscriminator] = Field(default_factory=_discriminators)
    features: FeaturesConfig = FeaturesConfig()
    text: TextConfig = TextConfig()

    @model_validator(mode="before")
    @classmethod
    def _fill_in(cls, given: Any) -> Any:
        if not isinstance(given, Mapping):
            return given
        try:
            model = FACodecConfig.model_validate(given.get("model") or {})
            text = TextConfig.model_validate(given.get("text") or {})
            features = FeaturesConfig.model_validate(given.get("features") or {})
        except ValidationError:  # which validation of the section itself will report by its name
            return given
        names = features.speaker.names
        classes = {"n_phones": len(text.symbols), "n_speakers": len(names)}
        tree = filled(
            given,
            {
                "model": {"predictors": classes},
                "features": {"pitch": {"hop_seconds": model.hop_length / model.sample_rate}},
            },
        )
        if isinstance(given.get("data"), Mapping):
            own = {"sample_rate": model.sample_rate, "hop_length": model.hop_length}
            tree["data"] = filled(given["data"], own)
        return tree

    @model_validator(mode="after")
    def _fits_together(self) -> FACodecExperiment:
        model, heads = self.model, self.model.predictors
        if (self.data.sample_rate, self.data.hop_length) != (model.sample_rate, model.hop_length):
            raise ValueError(
                f"data needs sample_rate {model.sample_rate} and hop_length {model.hop_length}, the model's"
            )
        if abs(self.features.pitch.hop_seconds * model.sample_rate - model.hop_length) > 0.5:
            raise ValueError("features.pitch.hop_seconds must be the hop of the codec")
        for name, classes, needed in (
            ("n_phones", heads.n_phones, len(self.text.symbols)),
            ("n_speakers", heads.n_speakers, len(self.features.speaker.names)),
        ):
            if 0 < classes < needed:
                raise ValueError(f"model.predictors.{name} must be {needed} or more, or 0 for no such head")
        samples = self.segment_frames * model.hop_length
        if samples <= LONGEST_MEL_WINDOW // 2 or (self.adversarial and samples < self.discriminator_samples):
            least = max(LONGEST_MEL_WINDOW // 2 + 1, self.discriminator_samples)
            raise ValueError(f"segment_frames are too few for windows that need {least} samples")
        return self


LONGEST_MEL_WINDOW = max(MULTI_SCALE)


class RedecoderExperiment(ExperimentConfig):
    """The second decoder, whose published weights can be used; it can't be trained here.

    Attributes:
        model: sizes.
    """

    model: RedecoderSizes = RedecoderSizes()

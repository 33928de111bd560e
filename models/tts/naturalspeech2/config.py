"""What can be set in NaturalSpeech 2. Sizes are the paper's, training is Amphion's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field, PositiveFloat, PositiveInt, ValidationError, model_validator

from hiervox.models.base.config import (
    DataConfig,
    ExperimentConfig,
    LossWeight,
    LossWeights,
    OptimizerConfig,
    ScheduleConfig,
    TrainConfig,
)
from hiervox.models.base.data.setup import FeaturesConfig
from hiervox.models.tts.config import ClipLimits
from hiervox.models.tts.naturalspeech2.networks.naturalspeech2 import NaturalSpeech2Config
from hiervox.processors.text.config import TextConfig
from hiervox.utils.config import filled


class NaturalSpeech2LossConfig(LossWeights):
    """Weights of the loss terms, as in Amphion.

    Attributes:
        duration, pitch: L1 of logarithms.
        latent, noise: L1 of clean latents, and of the noise that they leave, of the score form.
        velocity: L1, of the flow form.
        code: cross-entropy of the codes of the predicted latents.
    """

    duration: LossWeight = 1.0
    pitch: LossWeight = 1.0
    latent: LossWeight = 1.0
    noise: LossWeight = 1.0
    velocity: LossWeight = 1.0
    code: LossWeight = 0.5


class NaturalSpeech2DataConfig(DataConfig):
    """Recordings at EnCodec's rate.

    Attributes:
        hop_length: of the codec.
    """

    sample_rate: PositiveInt = 24_000
    hop_length: PositiveInt | None = 320


class NaturalSpeech2OptimizerConfig(OptimizerConfig):
    """AdamW as in Amphion."""

    learning_rate: PositiveFloat = 1e-4


class NaturalSpeech2ScheduleConfig(ScheduleConfig):
    """A warm-up and a cosine, as in Amphion."""

    kind: str = "cosine"
    warmup_steps: int = Field(5000, ge=0)


class NaturalSpeech2TrainConfig(TrainConfig):
    """The training loop with Amphion's optimizer, schedule and length."""

    max_steps: PositiveInt = 800_000
    batch_size: PositiveInt = 32
    clip_norm: PositiveFloat | None = 0.5
    optimizer: NaturalSpeech2OptimizerConfig = NaturalSpeech2OptimizerConfig()
    schedule: NaturalSpeech2ScheduleConfig = NaturalSpeech2ScheduleConfig()


class NaturalSpeech2Experiment(ExperimentConfig):
    """A training run of NaturalSpeech 2.

    Attributes:
        model: sizes.
        loss: weights.
        features: `codes` names the codec, of which as many books are read as the model has; `pitch` has a
            value at each of its frames.
        text: languages and symbols.
        limits: which utterances are used.
    """

    data: NaturalSpeech2DataConfig
    train: NaturalSpeech2TrainConfig = NaturalSpeech2TrainConfig()
    model: NaturalSpeech2Config = NaturalSpeech2Config()
    loss: NaturalSpeech2LossConfig = NaturalSpeech2LossConfig()
    features: FeaturesConfig = FeaturesConfig()
    text: TextConfig = TextConfig()
    limits: ClipLimits = ClipLimits(min_tokens=4, max_tokens=400, max_frames=1500)

    @model_validator(mode="before")
    @classmethod
    def _fill_in(cls, given: Any) -> Any:
        if not isinstance(given, Mapping) or not isinstance(given.get("data"), Mapping):
            return given
        try:
            data = NaturalSpeech2DataConfig.model_validate(given["data"])
            model = NaturalSpeech2Config.model_validate(given.get("model") or {})
        except ValidationError:  # which validation of the section itself will report by its name
            return given
        hop_seconds = (data.hop_length or data.sample_rate // 50) / data.sample_rate
        codes = {"codebooks": model.n_codebooks, "frame_rate": 1 / hop_seconds}
        own = {"pitch": {"method": "dio", "hop_seconds": hop_seconds}, "codes": codes}
        return filled(given, {"features": own})

    @model_validator(mode="after")
    def _fits_together(self) -> NaturalSpeech2Experiment:
        if self.features.codes.codebooks != self.model.n_codebooks:
            raise ValueError(f"features.codes.codebooks must be model.n_codebooks, {self.model.n_codebooks}")
        if abs(self.features.pitch.hop_seconds * self.features.codes.frame_rate - 1) > 1e-3:
            raise ValueError("features.pitch.hop_seconds must be one over features.codes.frame_rate")
        return self

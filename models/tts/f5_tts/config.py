"""What can be set in F5-TTS and E2 TTS. Sizes are F5-TTS Base's, training is the authors'."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field, PositiveFloat, PositiveInt, ValidationError, model_validator

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
from hiervox.models.tts.config import ClipLimits
from hiervox.models.tts.f5_tts.networks.f5_tts import F5TtsConfig
from hiervox.processors.mel_presets import MelSection, mel_preset
from hiervox.processors.text.characters import CharacterTable
from hiervox.processors.text.config import TextConfig
from hiervox.utils.config import Config, filled


class InfillingConfig(Config):
    """What a training clip has to do without (section 4 of the paper; section 3.1 of E2 TTS).

    Attributes:
        least_span, most_span: share of a clip's frames that is to be filled in.
        without_prompt: probability that a clip's other frames are not given either.
        without_both: probability that neither they nor the text are.
    """

    least_span: float = Field(0.7, gt=0, le=1)
    most_span: float = Field(1.0, gt=0, le=1)
    without_prompt: float = Field(0.3, ge=0, le=1)
    without_both: float = Field(0.2, ge=0, le=1)

    @model_validator(mode="after")
    def _spans_rise(self) -> InfillingConfig:
        if self.least_span > self.most_span:
            raise ValueError("least_span must not be over most_span")
        return self


class F5TtsLossConfig(LossWeights):
    """Weights of the loss terms.

    Attributes:
        flow: squared error of the velocity, an element.
    """

    flow: LossWeight = 1.0


class F5TtsOptimizerConfig(OptimizerConfig):
    """AdamW with torch's other defaults."""

    learning_rate: PositiveFloat = 7.5e-5
    betas: tuple[Beta, Beta] = (0.9, 0.999)
    eps: PositiveFloat = 1e-8


class F5TtsScheduleConfig(ScheduleConfig):
    """A warm-up, then linear to 0."""

    kind: str = "linear"
    warmup_steps: int = Field(20_000, ge=0)


class F5TtsTrainConfig(TrainConfig):
    """The training loop with the published optimizer, schedule, batch of a GPU and length."""

    max_steps: PositiveInt = 1_200_000
    batch_size: PositiveInt = 64
    max_batch_seconds: PositiveFloat | None = 409.6
    clip_norm: PositiveFloat | None = 1.0
    ema_decay: float | None = Field(0.9999, gt=0, lt=1)
    optimizer: F5TtsOptimizerConfig = F5TtsOptimizerConfig()
    schedule: F5TtsScheduleConfig = F5TtsScheduleConfig()


class F5TtsDataConfig(DataConfig):
    """Recordings at 24 kHz."""

    sample_rate: PositiveInt = 24_000


class F5TtsExperiment(ExperimentConfig):
    """A training run of F5-TTS or E2 TTS.

    Attributes:
        model: sizes.
        loss: weights.
        infilling: what clips have to do without.
        features: `characters.symbols` make a model that reads texts as they are written; without any, it
            reads phonemes.
        text: languages; the symbols of phonemes, or those that stand for `features.characters.symbols`.
        limits: which utterances are used; those of tokens hold for phonemes.
        mel: what is filled in; a vocoder has to take the same.
    """

    data: F5TtsDataConfig
    train: F5TtsTrainConfig = F5TtsTrainConfig()
    model: F5TtsConfig = F5TtsConfig()
    loss: F5TtsLossConfig = F5TtsLossConfig()
    infilling: InfillingConfig = InfillingConfig()
    features: FeaturesConfig = FeaturesConfig()
    text: TextConfig = TextConfig()
    limits: ClipLimits = ClipLimits(min_frames=28, max_frames=2812, max_tokens=1000)
    mel: MelSection = mel_preset("f5_tts")

    @model_validator(mode="before")
    @classmethod
    def _read_as_written(cls, given: Any) -> Any:
        features = given.get("features") if isinstance(given, Mapping) else None
        section = getattr(features, "characters", None) or (
            features.get("characters") if isinstance(features, Mapping) else None
        )
        try:
            table = CharacterTable.model_validate(section or {})
        except ValidationError:  # which validation of the section itself will report by its name
            return given
        if not table.symbols:
            return given
        own = {"text": {"symbols": table.characters}, "model": {"n_symbols": len(table.characters)}}
        return filled(given, own)

    @model_validator(mode="after")
    def _fits_together(self) -> F5TtsExperiment:
        self.text.require_rows(self.model.n_symbols)
        if self.mel.n_mels != self.model.mel_channels:
            raise ValueError(f"model.mel_channels must be mel.n_mels, {self.mel.n_mels}")
        table: CharacterTable = self.features.characters
        if table.symbols and self.text.symbols != table.characters:
            raise ValueError("text.symbols are not those of features.characters: leave them out")
        return self

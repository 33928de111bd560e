"""What can be set in the forward-sum aligner."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, PositiveFloat, PositiveInt, TypeAdapter, model_validator

from hiervox.models.base.config import (
    DataConfig,
    ExperimentConfig,
    OptimizerConfig,
    ScheduleConfig,
    TrainConfig,
)
from hiervox.processors.mel_presets import MelSection, mel_preset
from hiervox.processors.spectrogram import SpectrogramConfig
from hiervox.processors.text.config import TextConfig
from hiervox.processors.text.symbols import symbol_ids
from hiervox.utils.config import Config, filled

MEL = "hifigan"
SILENCE = " "
"""The symbol before the first and behind the last of a text."""


class AlignerConfig(Config):
    """The network.

    Attributes:
        n_symbols: size of the phoneme table.
        n_mels: of the spectrogram.
        channels: inside.
        n_layers, kernel_size, dropout: of the convolutions; the receptive field is some tenth of a second, so
            that boundaries are found where they are heard.
    """

    n_symbols: PositiveInt = 178
    n_mels: PositiveInt = 80
    channels: PositiveInt = 256
    n_layers: PositiveInt = 3
    kernel_size: PositiveInt = 5
    dropout: float = Field(0.1, ge=0, lt=1)


class AlignerDataConfig(DataConfig):
    """Recordings at 22.05 kHz."""

    sample_rate: PositiveInt = 22_050
    max_frames: PositiveInt | None = 2000


class AlignerOptimizerConfig(OptimizerConfig):
    """Adam."""

    name: Literal["Adam", "AdamW", "Adamax", "NAdam", "RAdam"] = "Adam"
    learning_rate: PositiveFloat = 1e-3
    betas: tuple[float, float] = (0.9, 0.98)
    weight_decay: float = Field(1e-6, ge=0)


class AlignerScheduleConfig(ScheduleConfig):
    """A short warm-up."""

    kind: Literal["exponential", "constant", "cosine", "noam"] = "constant"
    warmup_steps: int = Field(100, ge=0)


class AlignerTrainConfig(TrainConfig):
    """The training loop; an aligner is small and quickly trained."""

    max_steps: PositiveInt = 10_000
    batch_size: PositiveInt = 16
    clip_norm: PositiveFloat | None = 10.0
    optimizer: AlignerOptimizerConfig = AlignerOptimizerConfig()
    schedule: AlignerScheduleConfig = AlignerScheduleConfig()


class AlignerExperiment(ExperimentConfig):
    """A training run of the aligner, mostly on the very corpus that is to be aligned.

    Attributes:
        model: sizes.
        text: languages and symbols; the table has room for each of the symbols.
        mel: of the spectrogram; a boundary is as fine as its hop.
    """

    data: AlignerDataConfig
    train: AlignerTrainConfig = AlignerTrainConfig()
    model: AlignerConfig = AlignerConfig()
    text: TextConfig = TextConfig()
    mel: MelSection = mel_preset(MEL)

    @model_validator(mode="before")
    @classmethod
    def _fill_in(cls, given: Any) -> Any:
        """The data has the rate of mel."""
        if not isinstance(given, Mapping) or not isinstance(given.get("data"), Mapping):
            return given
        mel: SpectrogramConfig = TypeAdapter(MelSection).validate_python(given.get("mel", MEL))
        return {**given, "data": filled(given["data"], {"sample_rate": mel.sample_rate})}

    @model_validator(mode="after")
    def _fits_together(self) -> AlignerExperiment:
        if self.mel.n_mels != self.model.n_mels:
            raise ValueError(f"model.n_mels must be mel.n_mels, {self.mel.n_mels}")
        self.text.require_rows(self.model.n_symbols)
        if SILENCE not in self.text.symbols:
            raise ValueError("text.symbols must have the space, which stands for silence")
        if not self.model.kernel_size % 2:
            raise ValueError("model.kernel_size must be odd")
        if self.data.sample_rate != self.mel.sample_rate:
            raise ValueError(f"data.sample_rate must be mel.sample_rate, {self.mel.sample_rate}")
        return self

    @property
    def silence(self) -> int:
        """The token of silence."""
        return symbol_ids(self.text.symbols)[SILENCE]

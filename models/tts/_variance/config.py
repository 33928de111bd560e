"""What can be set in a network that predicts durations, pitch and energy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, PositiveInt, TypeAdapter, model_validator

from hiervox.models.base.config import DataConfig
from hiervox.models.base.data.setup import FeaturesConfig
from hiervox.models.tts._variance.feed_forward_transformer import FeedForwardTransformerSizes
from hiervox.models.tts._voices.config import SpeakerSizes
from hiervox.models.tts.speakers import require_names, share_speakers
from hiervox.modules.predictors.variance import VariancePredictorSizes
from hiervox.processors.mel_presets import MelSection
from hiervox.processors.spectrogram import SpectrogramConfig
from hiervox.processors.text.config import TextConfig
from hiervox.utils.config import Config, filled


class VarianceSizes(Config):
    """How pitch or energy is predicted and embedded.

    Attributes:
        level: one value a token, or a frame.
        embedding: a row of a table for each bin of values, or a convolution over the values.
        kernel_size: of the convolution, odd.
        n_bins: rows of the table.
        normalised: whether values are in standard deviations from the corpus's mean, which are counted in the
            first `statistics_batches` of training; otherwise in Hz, or in units of the energy.
        scale: of the bins; `log` is for values that are not normalised.
        lowest, highest: the edges of the first and the last bin, which take all beyond, too.
    """

    level: Literal["token", "frame"] = "token"
    embedding: Literal["bins", "convolution"] = "bins"
    kernel_size: PositiveInt = 1
    n_bins: int = Field(256, ge=3)
    normalised: bool = True
    scale: Literal["linear", "log"] = "linear"
    lowest: float = -4.0
    highest: float = 4.0

    @model_validator(mode="after")
    def _bins_rise(self) -> VarianceSizes:
        if self.lowest >= self.highest:
            raise ValueError(f"lowest {self.lowest:g} is not under highest {self.highest:g}")
        if self.scale == "log" and (self.normalised or self.lowest <= 0):
            raise ValueError("a log scale is for values that are not normalised, and over 0")
        if not self.kernel_size % 2:
            raise ValueError("kernel_size must be odd")
        return self


class VarianceModelConfig(SpeakerSizes):
    """The network; the speaker vector, as wide as `channels`, is added to the encoder's output.

    Attributes:
        n_symbols: size of the phoneme table.
        n_mels: of the spectrogram.
        channels: of the hidden sequences.
        encoder, decoder: transformers over tokens and over frames.
        predictor: sizes of the three predictors.
        pitch, energy: what is predicted, and how it is embedded.
        statistics_batches: of training, in which the statistics of pitch and energy are counted.
        mask_padding: whether convolutions take padding for zeros, so that a sentence does not depend on those
            beside it; False is the published code.
    """

    n_symbols: PositiveInt = 178
    n_mels: PositiveInt = 80
    channels: PositiveInt = Field(256, multiple_of=2)
    encoder: FeedForwardTransformerSizes = FeedForwardTransformerSizes()
    decoder: FeedForwardTransformerSizes = FeedForwardTransformerSizes(n_layers=6)
    predictor: VariancePredictorSizes = VariancePredictorSizes()
    pitch: VarianceSizes = VarianceSizes()
    energy: VarianceSizes = VarianceSizes(lowest=-2.0, highest=8.0)
    statistics_batches: int = Field(1000, ge=0)
    mask_padding: bool = True

    @model_validator(mode="after")
    def _sizes_fit(self) -> VarianceModelConfig:
        for name in ("encoder", "decoder"):
            sizes: FeedForwardTransformerSizes = getattr(self, name)
            if self.channels % sizes.n_heads:
                raise ValueError(f"{name}.n_heads must divide channels")
            if not all(size % 2 for size in sizes.kernel_sizes):
                raise ValueError(f"{name}.kernel_sizes must be odd")
        if self.condition_channels not in (0, self.channels):
            raise ValueError(f"style_channels must be channels, {self.channels}")
        if self.mel_channels != self.n_mels:
            raise ValueError(f"mel_channels must be n_mels, {self.n_mels}")
        if not self.predictor.kernel_size % 2:
            raise ValueError("predictor.kernel_size must be odd")
        return self


class VarianceDataConfig(DataConfig):
    """Recordings at 22.05 kHz; the published code cuts longer ones."""

    sample_rate: PositiveInt = 22_050
    max_frames: PositiveInt | None = 1000


def fill_in(given: Any, preset: str) -> Any:
    """An experiment's sections, in which speakers and the frames of pitch are those of model and mel.

    Args:
        given: the sections as they are before validation.
        preset: of the spectrogram, where the sections name none.
    """
    if not isinstance(given, Mapping):
        return given
    mel: SpectrogramConfig = TypeAdapter(MelSection).validate_python(given.get("mel", preset))
    pitch = {"method": "dio", "hop_seconds": mel.hop_length / mel.sample_rate}
    tree = filled(share_speakers(given), {"features": {"pitch": pitch}})
    if isinstance(given.get("data"), Mapping):
        tree["data"] = filled(given["data"], {"sample_rate": mel.sample_rate})
    return tree


def require_fit(
    data: DataConfig,
    model: VarianceModelConfig,
    mel: SpectrogramConfig,
    text: TextConfig,
    features: FeaturesConfig,
) -> None:
    """Refuse sections of an experiment that do not fit together.

    Raises:
        ValueError: naming the setting.
    """
    if mel.n_mels != model.n_mels:
        raise ValueError(f"model.n_mels must be mel.n_mels, {mel.n_mels}")
    text.require_rows(model.n_symbols)
    require_names(features.speaker.names, model.speakers)
    if abs(features.pitch.hop_seconds * mel.sample_rate - mel.hop_length) > 0.5:
        raise ValueError("features.pitch.hop_seconds must be the hop of mel")
    if data.sample_rate != mel.sample_rate:
        raise ValueError(f"data.sample_rate must be mel.sample_rate, {mel.sample_rate}")

"""What can be set in FastSpeech 2. Defaults are ming024/FastSpeech2's for LJ Speech (config/LJSpeech)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, PositiveFloat, PositiveInt, TypeAdapter, model_validator

from hiervox.models.base.config import (
    DataConfig,
    ExperimentConfig,
    LossWeight,
    LossWeights,
    TrainConfig,
)
from hiervox.models.base.data.setup import FeaturesConfig
from hiervox.models.tts._voices.config import SpeakerSizes
from hiervox.models.tts.config import NoamOptimizerConfig, NoamScheduleConfig
from hiervox.models.tts.fastspeech2.networks.feed_forward_transformer import FeedForwardTransformerSizes
from hiervox.models.tts.speakers import require_names, share_speakers
from hiervox.modules.predictors.variance import VariancePredictorSizes
from hiervox.processors.mel_presets import MelSection, mel_preset
from hiervox.processors.spectrogram import SpectrogramConfig
from hiervox.processors.text.config import TextConfig
from hiervox.utils.config import Config, filled

MEL = "hifigan"


class VarianceSizes(Config):
    """How pitch or energy is predicted and embedded.

    Attributes:
        level: one value a token, or a frame.
        n_bins: rows of the embedding.
        normalised: whether values are in standard deviations from the corpus's mean, which are counted in the
            first `statistics_batches` of training; otherwise in Hz, or in units of the energy.
        scale: of the bins; `log` is for values that are not normalised.
        lowest, highest: the edges of the first and the last bin, which take all beyond, too.
    """

    level: Literal["token", "frame"] = "token"
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
        return self


class FastSpeech2Config(SpeakerSizes):
    """The network; the speaker vector, as wide as `channels`, is added to the encoder's output.

    Attributes:
        n_symbols: size of the phoneme table.
        n_mels: of the spectrogram.
        channels: of the hidden sequences.
        encoder, decoder: transformers over tokens and over frames.
        predictor: sizes of the three predictors.
        pitch, energy: what is predicted, and how it is embedded.
        statistics_batches: of training, in which the statistics of pitch and energy are counted.
        post_net_channels: of Tacotron 2's post-net, which the paper does not have; 0 for none.
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
    post_net_channels: int = Field(512, ge=0)
    mask_padding: bool = True

    @model_validator(mode="after")
    def _sizes_fit(self) -> FastSpeech2Config:
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


class FastSpeech2LossConfig(LossWeights):
    """Weights of the loss terms (sections 2.2 and 2.3; the published code).

    Attributes:
        mel, post_net_mel: L1 of the log-mel spectrograms before and behind the post-net.
        duration: squared error of log(frames + 1).
        pitch, energy: squared errors.
    """

    mel: LossWeight = 1.0
    post_net_mel: LossWeight = 1.0
    duration: LossWeight = 1.0
    pitch: LossWeight = 1.0
    energy: LossWeight = 1.0


class FastSpeech2DataConfig(DataConfig):
    """Recordings at 22.05 kHz; the published code cuts longer ones."""

    sample_rate: PositiveInt = 22_050
    max_frames: PositiveInt | None = 1000


class FastSpeech2OptimizerConfig(NoamOptimizerConfig):
    """Adam at the published peak, (256 · 4000)^-0.5."""

    learning_rate: PositiveFloat = (256 * 4000) ** -0.5


class FastSpeech2TrainConfig(TrainConfig):
    """The training loop with the published optimizer, batch and length.

    The published schedule also has three steps down after 300,000 steps.
    """

    max_steps: PositiveInt = 900_000
    batch_size: PositiveInt = 16
    clip_norm: PositiveFloat | None = 1.0
    optimizer: FastSpeech2OptimizerConfig = FastSpeech2OptimizerConfig()
    schedule: NoamScheduleConfig = NoamScheduleConfig()


class FastSpeech2Experiment(ExperimentConfig):
    """A training run of FastSpeech 2.

    Attributes:
        data: aligned by `hiervox align`.
        model: sizes.
        loss: weights.
        features: `speaker.names` are `model.speakers`, and `pitch` has a value at each mel frame.
        text: languages and symbols; the table has room for each of the symbols.
        mel: of the spectrogram.
    """

    data: FastSpeech2DataConfig
    train: FastSpeech2TrainConfig = FastSpeech2TrainConfig()
    model: FastSpeech2Config = FastSpeech2Config()
    loss: FastSpeech2LossConfig = FastSpeech2LossConfig()
    features: FeaturesConfig = FeaturesConfig()
    text: TextConfig = TextConfig()
    mel: MelSection = mel_preset(MEL)

    @model_validator(mode="before")
    @classmethod
    def _fill_in(cls, given: Any) -> Any:
        """Speakers and the frames of pitch are those of model and mel."""
        if not isinstance(given, Mapping):
            return given
        mel: SpectrogramConfig = TypeAdapter(MelSection).validate_python(given.get("mel", MEL))
        pitch = {"method": "dio", "hop_seconds": mel.hop_length / mel.sample_rate}
        tree = filled(share_speakers(given), {"features": {"pitch": pitch}})
        if isinstance(given.get("data"), Mapping):
            tree["data"] = filled(given["data"], {"sample_rate": mel.sample_rate})
        return tree

    @model_validator(mode="after")
    def _fits_together(self) -> FastSpeech2Experiment:
        if self.mel.n_mels != self.model.n_mels:
            raise ValueError(f"model.n_mels must be mel.n_mels, {self.mel.n_mels}")
        self.text.require_rows(self.model.n_symbols)
        require_names(self.features.speaker.names, self.model.speakers)
        if abs(self.features.pitch.hop_seconds * self.mel.sample_rate - self.mel.hop_length) > 0.5:
            raise ValueError("features.pitch.hop_seconds must be the hop of mel")
        if self.data.sample_rate != self.mel.sample_rate:
            raise ValueError(f"data.sample_rate must be mel.sample_rate, {self.mel.sample_rate}")
        return self

"""What can be set in FastSpeech 2. Defaults are ming024/FastSpeech2's for LJ Speech (config/LJSpeech)."""

from __future__ import annotations

from typing import Any

from pydantic import Field, PositiveFloat, PositiveInt, model_validator

from hiervox.models.base.config import ExperimentConfig, LossWeight, LossWeights, TrainConfig
from hiervox.models.base.data.setup import FeaturesConfig
from hiervox.models.tts._variance.config import VarianceDataConfig, VarianceModelConfig, fill_in, require_fit
from hiervox.models.tts.config import NoamOptimizerConfig, NoamScheduleConfig
from hiervox.processors.mel_presets import MelSection, mel_preset
from hiervox.processors.text.config import TextConfig

MEL = "hifigan"


class FastSpeech2Config(VarianceModelConfig):
    """The network.

    Attributes:
        post_net_channels: of Tacotron 2's post-net, which the paper does not have; 0 for none.
    """

    post_net_channels: int = Field(512, ge=0)


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

    data: VarianceDataConfig
    train: FastSpeech2TrainConfig = FastSpeech2TrainConfig()
    model: FastSpeech2Config = FastSpeech2Config()
    loss: FastSpeech2LossConfig = FastSpeech2LossConfig()
    features: FeaturesConfig = FeaturesConfig()
    text: TextConfig = TextConfig()
    mel: MelSection = mel_preset(MEL)

    @model_validator(mode="before")
    @classmethod
    def _fill_in(cls, given: Any) -> Any:
        return fill_in(given, MEL)

    @model_validator(mode="after")
    def _fits_together(self) -> FastSpeech2Experiment:
        require_fit(self.data, self.model, self.mel, self.text, self.features)
        return self

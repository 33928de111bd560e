"""Sizes of the text-to-vec model, and how it is trained.

The defaults are those of the published model of 108.5 M parameters (HierSpeech++, arXiv 2311.12454; the
authors' code names the sizes that the paper leaves out).
"""

from __future__ import annotations

from pydantic import Field, PositiveFloat, PositiveInt, model_validator

from hiervox.models.base.config import ExperimentConfig, LossWeight, LossWeights, OptimizerConfig, TrainConfig
from hiervox.models.base.data.setup import FeaturesConfig
from hiervox.models.tts import config as tts_config
from hiervox.models.tts._hierarchy.config import HierSpeechDataConfig, require_published_rates
from hiervox.models.tts._hierarchy.networks.transformer_flow import TransformerFlowSizes
from hiervox.models.tts.hierspeechpp.networks.text_encoder import TextEncoderSizes
from hiervox.modules.convolutions.wavenet import WaveNetSizes
from hiervox.modules.predictors.stochastic_duration import StochasticDurationSizes
from hiervox.processors.spectrogram import SpectrogramConfig
from hiervox.processors.text.config import TextConfig
from hiervox.utils.config import Config


class PosteriorSizes(WaveNetSizes):
    """The WaveNet stack that encodes semantic vectors."""

    hidden_channels: PositiveInt = 256


class FlowSizes(TransformerFlowSizes):
    """The transformer flow between posterior and prior."""

    hidden_channels: PositiveInt = 256
    n_heads: PositiveInt = 4


class DecoderSizes(WaveNetSizes):
    """The WaveNet stack that decodes semantic vectors."""

    hidden_channels: PositiveInt = 512
    n_layers: PositiveInt = 8
    dropout: float = Field(0.1, ge=0, lt=1)


class TextToVecConfig(Config):
    """The text-to-vec model.

    Attributes:
        n_symbols: size of the phoneme table.
        semantic_channels: of the semantic vectors (MMS-300m's 1024).
        mel_channels: of the prompt's spectrogram.
        style_channels: of the style vector.
        channels: of the latent and of the text encoder.
        pitch_channels: of the pitch predictor before its first upsampling.
        pitch_slice_frames: semantic frames of the slice that the pitch predictor learns from in each step.
    """

    n_symbols: PositiveInt = 178
    semantic_channels: PositiveInt = 1024
    mel_channels: PositiveInt = 80
    style_channels: PositiveInt = 256
    channels: PositiveInt = 256
    text_encoder: TextEncoderSizes = TextEncoderSizes()
    posterior: PosteriorSizes = PosteriorSizes()
    flow: FlowSizes = FlowSizes()
    decoder: DecoderSizes = DecoderSizes()
    duration: StochasticDurationSizes = StochasticDurationSizes()
    pitch_channels: PositiveInt = Field(256, multiple_of=4)
    pitch_slice_frames: PositiveInt = 60

    @model_validator(mode="after")
    def _sizes_fit(self) -> TextToVecConfig:
        if self.channels % 2:
            raise ValueError("channels must be even, for the flow's couplings")
        if self.channels % self.text_encoder.n_heads:
            raise ValueError("text_encoder.n_heads must divide channels")
        if self.flow.hidden_channels % self.flow.n_heads:
            raise ValueError("flow.n_heads must divide flow.hidden_channels")
        kernels = (self.text_encoder, self.posterior, self.flow, self.decoder, self.duration)
        if any(section.kernel_size % 2 == 0 for section in kernels):
            raise ValueError("kernel sizes must be odd")
        return self


class TextToVecLossConfig(LossWeights):
    """Weights of the loss terms.

    Attributes:
        semantic: L1 of the semantic vectors.
        kl: of the posterior against the aligned text's prior.
        log_f0: L1 of log(F0 + 1).
        duration: negative variational bound of the durations.
        ctc: from the posterior to phonemes.
    """

    semantic: LossWeight = 10.0
    kl: LossWeight = 0.1
    log_f0: LossWeight = 1.0
    duration: LossWeight = 1.0
    ctc: LossWeight = 1.0


class ClipLimits(tts_config.ClipLimits):
    """Which utterances are trained on: by 20 ms frames and by tokens without blanks, ends included."""

    max_frames: PositiveInt = 600
    max_tokens: PositiveInt = 200


class TextToVecOptimizerConfig(OptimizerConfig):
    """AdamW at the rate of the published text-to-vec training."""

    learning_rate: PositiveFloat = 2e-4


class TextToVecTrainConfig(TrainConfig):
    """The training loop with the published optimizer and batch size."""

    batch_size: PositiveInt = 32
    optimizer: TextToVecOptimizerConfig = TextToVecOptimizerConfig()


class TextToVecExperiment(ExperimentConfig):
    """A training run of text-to-vec.

    Attributes:
        model: sizes.
        loss: weights.
        features: what the data was extracted with.
        text: languages and symbols; the table has room for each of the symbols.
        mel: of the prompts.
        limits: which utterances are used.
    """

    data: HierSpeechDataConfig
    train: TextToVecTrainConfig = TextToVecTrainConfig()
    model: TextToVecConfig = TextToVecConfig()
    loss: TextToVecLossConfig = TextToVecLossConfig()
    features: FeaturesConfig = FeaturesConfig(perturbed_copies=0)
    text: TextConfig = TextConfig()
    mel: SpectrogramConfig = SpectrogramConfig()
    limits: ClipLimits = ClipLimits()

    @model_validator(mode="after")
    def _features_fit(self) -> TextToVecExperiment:
        if self.mel.n_mels != self.model.mel_channels:
            raise ValueError(
                f"mel.n_mels is {self.mel.n_mels}, but model.mel_channels {self.model.mel_channels}"
            )
        require_published_rates(self.data, self.mel, self.features)
        if self.model.n_symbols < len(self.text.symbols):
            raise ValueError(
                f"model.n_symbols is {self.model.n_symbols}, under the {len(self.text.symbols)} symbols of "
                "text.symbols"
            )
        return self

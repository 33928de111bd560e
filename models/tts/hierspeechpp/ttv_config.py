"""Sizes of the text-to-vec model, and how it is trained.

The defaults are those of the published model of 108.5 M parameters (HierSpeech++, arXiv 2311.12454; the
authors' code names the sizes that the paper leaves out).
"""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, PositiveFloat, PositiveInt, model_validator

from hiervox.models.base.config import ExperimentConfig, LossWeight, LossWeights, OptimizerConfig, TrainConfig
from hiervox.models.base.data.setup import FeaturesConfig
from hiervox.models.tts import config as tts_config
from hiervox.models.tts.hierspeechpp.config import (
    HierSpeechDataConfig,
    SpeakerEncoderSizes,
    require_published_rates,
)
from hiervox.models.tts.hierspeechpp.networks.text_encoder import TextEncoderSizes
from hiervox.models.tts.hierspeechpp.networks.transformer_flow import TransformerFlowSizes
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


class DurationSizes(StochasticDurationSizes):
    """The stochastic duration predictor.

    Attributes:
        noise: factor of the deviation of its draws, beside the noise scale of inference. Ours: what a small
            model draws is wider than speech is, and costs words.
    """

    noise: float = Field(1.0, ge=0)


class ContourSizes(Config):
    """A pitch predictor that sees the whole utterance, and the pitch and the voice of the prompt. Ours.

    Attributes:
        channels, dilations: of the ConvNeXt blocks at the rate of semantic vectors.
        fine_channels, fine_dilations: of those at the rate of F0.
        expansion: hidden channels of a block over its channels.
        speaker: of the prompt's embedding by the synthesizer's speaker encoder.
        range: factor of log F0's distances from their mean in inference: what is learnt by absolute errors is
            flatter than speech.
    """

    channels: PositiveInt = 160
    dilations: tuple[PositiveInt, ...] = (1, 3, 9, 27, 1, 3)
    fine_channels: PositiveInt = 64
    fine_dilations: tuple[PositiveInt, ...] = (1, 3)
    expansion: PositiveInt = 3
    speaker: SpeakerEncoderSizes = SpeakerEncoderSizes(hidden_channels=128)
    range: PositiveFloat = 1.0


class TextToVecConfig(Config):
    """The text-to-vec model.

    Attributes:
        n_symbols: size of the phoneme table.
        semantic_channels: of the semantic vectors (MMS-300m's 1024).
        mel_channels: of the prompt's spectrogram.
        style_channels: of the style vector.
        speaker: what turns the prompt's embedding by the synthesizer's speaker encoder into a part of the
            style; None as published. Ours: see `SynthesizerConfig.speaker_encoder`.
        channels: of the latent and of the text encoder.
        contour: the pitch predictor that takes the place of the published one; None for that one.
        pitch_channels: of the published pitch predictor before its first upsampling.
        pitch_slice_frames: semantic frames of the slice that the pitch predictor learns from in each step.
        blanks: whether a blank stands before, between and after the tokens, as published. At 50 frames a
            second speech has about 2.7 frames to a token, and each blank takes one, so quick sounds don't
            fit. Without blanks the phoneme classifier learns by the forward sum instead of CTC. Ours.
        edges: whether a space stands before the first token and behind the last one, which takes what a
            recording holds before and after its words; blanks do so already. Ours: the first and the last
            sound of a text are learnt together with it else.
        alignment_ctc: factor of the phoneme classifier's log-probabilities in the alignment search, beside
            the prior's density. Ours: CTC finds the phonemes long before the prior tells one from another.
        prompt_pitch: whether what is predicted is shifted to the mean of the prompt's F0
            (`pitch_transfer.match_pitch`). Ours: in new voices a small model's prediction is off.
        prior_noise: factor of the prior's deviation wherever it is drawn from to speak, beside the noise
            scale of inference. Ours: a small model's prior is wider than speech needs.
        spoken_ratio: share of training items whose semantic vectors and F0 are decoded from the aligned text,
            as in inference, instead of from their posterior. Ours: with little data it brings text to
            speech in fewer steps than the divergence alone.
    """

    n_symbols: PositiveInt = 178
    semantic_channels: PositiveInt = 1024
    mel_channels: PositiveInt = 80
    style_channels: PositiveInt = 256
    speaker: SpeakerEncoderSizes | None = None
    channels: PositiveInt = 256
    text_encoder: TextEncoderSizes = TextEncoderSizes()
    posterior: PosteriorSizes = PosteriorSizes()
    flow: FlowSizes = FlowSizes()
    decoder: DecoderSizes = DecoderSizes()
    duration: DurationSizes = DurationSizes()
    contour: ContourSizes | None = None
    pitch_channels: PositiveInt = Field(256, multiple_of=4)
    pitch_slice_frames: PositiveInt = 60
    blanks: bool = True
    edges: bool = False
    alignment_ctc: float = Field(0.0, ge=0)
    prompt_pitch: bool = False
    prior_noise: float = Field(1.0, ge=0)
    spoken_ratio: float = Field(0.0, ge=0, le=1)

    @property
    def edge(self) -> str:
        """The symbol at either end of a text; none without `edges`."""
        return " " if self.edges else ""

    @property
    def embedding(self) -> SpeakerEncoderSizes | None:
        """Of the speaker embedding that a prompt needs; None where it needs none."""
        if self.speaker is None and self.contour is not None:
            return self.contour.speaker
        return self.speaker

    @model_validator(mode="after")
    def _sizes_fit(self) -> TextToVecConfig:
        if self.edges and self.blanks:
            raise ValueError("edges needs blanks: false; a blank stands at either end already")
        if self.channels % 2:
            raise ValueError("channels must be even, for the flow's couplings")
        if self.channels % self.text_encoder.n_heads:
            raise ValueError("text_encoder.n_heads must divide channels")
        if self.flow.hidden_channels % self.flow.n_heads:
            raise ValueError("flow.n_heads must divide flow.hidden_channels")
        widths = {
            sizes.channels for sizes in (self.embedding, self.contour and self.contour.speaker) if sizes
        }
        if len(widths) > 1:
            raise ValueError("contour.speaker.channels must be speaker.channels: there is one embedding")
        kernels = (self.text_encoder, self.posterior, self.flow, self.decoder, self.duration)
        if any(section.kernel_size % 2 == 0 for section in kernels):
            raise ValueError("kernel sizes must be odd")
        return self


class TextToVecLossConfig(LossWeights):
    """Weights of the loss terms.

    Attributes:
        semantic: L1 of the semantic vectors.
        kl: of the posterior against the aligned text's prior.
        log_f0: L1 of log(F0 + 1); with `model.contour`, of voiced frames.
        voicing: with `model.contour`, cross entropy of what is voiced.
        duration: negative variational bound of the durations.
        ctc: from the posterior to phonemes.
    """

    semantic: LossWeight = 10.0
    kl: LossWeight = 0.1
    log_f0: LossWeight = 1.0
    voicing: LossWeight = 0.3
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
        speaker_encoder: a safetensors file with the weights of the synthesizer's speaker encoder, which
            training with `model.speaker` or `model.contour` needs; they are not part of this network.
    """

    data: HierSpeechDataConfig
    train: TextToVecTrainConfig = TextToVecTrainConfig()
    model: TextToVecConfig = TextToVecConfig()
    loss: TextToVecLossConfig = TextToVecLossConfig()
    features: FeaturesConfig = FeaturesConfig(perturbed_copies=0)
    text: TextConfig = TextConfig()
    mel: SpectrogramConfig = SpectrogramConfig()
    limits: ClipLimits = ClipLimits()
    speaker_encoder: Path | None = None

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
        if self.model.edges and self.model.edge not in self.text.symbols:
            raise ValueError("model.edges needs a space among text.symbols")
        return self

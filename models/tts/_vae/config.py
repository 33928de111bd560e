"""What can be set in a latent between text and sound. Defaults: VITS (arXiv 2106.06103, appendix B)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, PositiveFloat, PositiveInt, Tag, model_validator

from hiervox.models.base.config import (
    DataConfig,
    LossWeight,
    OptimizerConfig,
    ScheduleConfig,
    TrainConfig,
)
from hiervox.models.base.data.setup import FeaturesConfig
from hiervox.models.base.training.adversarial_config import AdversarialExperiment, AdversarialLossConfig
from hiervox.models.base.training.discriminators import AnyDiscriminator
from hiervox.models.tts._voices.config import SpeakerSizes
from hiervox.models.tts.config import ClipLimits
from hiervox.models.tts.speakers import require_names, share_speakers
from hiervox.modules.convolutions.wavenet import WaveNetSizes
from hiervox.modules.discriminators.multi_period import MultiPeriodConfig
from hiervox.modules.discriminators.multi_scale import MultiScaleConfig
from hiervox.modules.generators.hifigan import HiFiGANSizes
from hiervox.modules.generators.vocos import VocosSizes
from hiervox.modules.predictors.stochastic_duration import StochasticDurationSizes
from hiervox.modules.transformers.relative import TransformerSizes
from hiervox.processors.mel_presets import MelSection, mel_preset
from hiervox.processors.text.config import TextConfig
from hiervox.utils.config import Config
from hiervox.utils.schema import told_by


class StackSizes(Config):
    """A WaveNet stack as wide as the latent."""

    n_layers: PositiveInt
    kernel_size: PositiveInt = 5

    @property
    def context(self) -> int:
        """Frames on either side that one depends on."""
        return self.n_layers * (self.kernel_size // 2)


class FlowSizes(StackSizes):
    """The flow between posterior and prior; each coupling holds a WaveNet."""

    n_layers: PositiveInt = 4
    n_couplings: PositiveInt = 4

    @property
    def context(self) -> int:
        """Frames on either side that one depends on, in either direction."""
        return self.n_couplings * super().context


class DurationSizes(StochasticDurationSizes):
    """The duration predictor.

    Attributes:
        kind: `stochastic` draws durations from a flow; `deterministic` predicts them.
        filter_channels: inside; the published stochastic predictor has the text's width, 192, and the
            deterministic one 256.
    """

    kind: Literal["stochastic", "deterministic"] = "stochastic"
    filter_channels: PositiveInt = 192


class HiFiGANDecoderSizes(HiFiGANSizes):
    """HiFi-GAN V1 from the latent, as VITS has it."""

    kind: Literal["hifigan"] = "hifigan"
    in_channels: PositiveInt = 192
    output_bias: bool = False
    edge_weight_norm: bool = False


class FourierDecoderSizes(VocosSizes):
    """Vocos from the latent, at a fraction of HiFi-GAN's cost; not published with VITS."""

    kind: Literal["vocos"] = "vocos"
    in_channels: PositiveInt = 192
    padding: Literal["same"] = "same"


AnyDecoderSizes = Annotated[
    Annotated[HiFiGANDecoderSizes, Tag("hifigan")] | Annotated[FourierDecoderSizes, Tag("vocos")],
    told_by("kind", "hifigan"),
]


class LatentModelConfig(SpeakerSizes):
    """The network.

    Attributes:
        n_symbols: size of the phoneme table.
        n_bins: of the linear spectrogram that the posterior encoder reads.
        channels: of the latent, the text encoder and the WaveNets.
        text_encoder, posterior, flow, duration, decoder: sizes of the parts.
        segment_frames: latent frames that the decoder learns from in each step.
        blanks: a blank stands before, between and after the tokens, as published.
    """

    n_symbols: PositiveInt = 178
    n_bins: PositiveInt = 513
    channels: PositiveInt = Field(192, multiple_of=2)
    text_encoder: TransformerSizes = TransformerSizes()
    posterior: StackSizes = StackSizes(n_layers=16)
    flow: FlowSizes = FlowSizes()
    duration: DurationSizes = DurationSizes()
    decoder: AnyDecoderSizes = HiFiGANDecoderSizes()
    segment_frames: PositiveInt = 32
    blanks: bool = True

    @property
    def posterior_channels(self) -> int:
        """Of what the decoded latent is encoded from."""
        return self.n_bins

    def wavenet(self, section: StackSizes) -> WaveNetSizes:
        """Of a WaveNet stack."""
        return WaveNetSizes(
            hidden_channels=self.channels, n_layers=section.n_layers, kernel_size=section.kernel_size
        )

    @model_validator(mode="after")
    def _sizes_fit(self) -> LatentModelConfig:
        if self.channels % self.text_encoder.n_heads:
            raise ValueError("text_encoder.n_heads must divide channels")
        if self.decoder.in_channels != self.channels:
            raise ValueError(
                f"decoder.in_channels is {self.decoder.in_channels}, but channels {self.channels}"
            )
        if self.decoder.condition_channels != self.condition_channels:
            raise ValueError(
                f"decoder.condition_channels must be {self.condition_channels} for voice {self.voice!r}"
            )
        return self


DISCRIMINATORS: dict[str, AnyDiscriminator] = {
    "scale": MultiScaleConfig(n_scales=1, layers="melgan", spectral_first=False),
    "period": MultiPeriodConfig(),
}
"""The published ones: the waveform itself, and HiFi-GAN's periods."""


class LatentLossConfig(AdversarialLossConfig):
    """Weights of the terms that all have (section 2.4; the published code).

    Attributes:
        mel: L1 of the slices' log-mel spectrograms.
        duration: of the durations.
    """

    mel: LossWeight = 45.0
    duration: LossWeight = 1.0


class LatentDataConfig(DataConfig):
    """Recordings at 22.05 kHz."""

    sample_rate: PositiveInt = 22_050


class LatentOptimizerConfig(OptimizerConfig):
    """AdamW at the published rate (section 3.3)."""

    learning_rate: PositiveFloat = 2e-4


class LatentScheduleConfig(ScheduleConfig):
    """The published decay (section 3.3)."""

    decay: float = Field(0.999**0.125, gt=0, le=1)


class LatentTrainConfig(TrainConfig):
    """The training loop with the published optimizer, batch and length (section 3.3)."""

    max_steps: PositiveInt = 800_000
    batch_size: PositiveInt = 64
    optimizer: LatentOptimizerConfig = LatentOptimizerConfig()
    schedule: LatentScheduleConfig = LatentScheduleConfig()


class LatentExperiment(AdversarialExperiment):
    """A training run.

    Attributes:
        model: sizes.
        loss: weights.
        discriminators: of slices of waveform.
        features: `speaker.names` are `model.speakers`, where there are several.
        text: languages and symbols; the table has room for each of the symbols.
        mel: of the linear spectrogram that the network reads, and of the mel loss.
        limits: which utterances are used.
    """

    data: LatentDataConfig
    train: LatentTrainConfig = LatentTrainConfig()
    model: LatentModelConfig = LatentModelConfig()
    loss: LatentLossConfig = LatentLossConfig()
    discriminators: dict[str, AnyDiscriminator] = Field(default_factory=lambda: dict(DISCRIMINATORS))
    features: FeaturesConfig = FeaturesConfig()
    text: TextConfig = TextConfig()
    mel: MelSection = mel_preset("vits")
    limits: ClipLimits = ClipLimits()

    @model_validator(mode="before")
    @classmethod
    def _share_speakers(cls, given: Any) -> Any:
        return share_speakers(given)

    @model_validator(mode="after")
    def _fits_together(self) -> LatentExperiment:
        if self.mel.n_bins != self.model.n_bins:
            raise ValueError(f"model.n_bins must be {self.mel.n_bins}, the bins of mel.n_fft")
        if self.mel.hop_length != self.model.decoder.hop_length:
            raise ValueError(
                f"mel.hop_length must be {self.model.decoder.hop_length}, the hop of model.decoder"
            )
        if self.mel.n_mels != self.model.mel_channels:
            raise ValueError(f"model.mel_channels must be mel.n_mels, {self.mel.n_mels}")
        self.text.require_rows(self.model.n_symbols)
        require_names(self.features.speaker.names, self.model.speakers)
        self.require_segment_frames(self.model.segment_frames, self.mel.hop_length)
        return self

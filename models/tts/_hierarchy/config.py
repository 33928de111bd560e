"""The hierarchical synthesizer: its sizes, and what its training can be told.

What stands as default is the published model of 97.0 M parameters (HierSpeech++, arXiv 2311.12454, section
5.3, and the authors' code, which names the sizes that the paper leaves out).
"""

from __future__ import annotations

from math import prod
from typing import Annotated, Literal

from pydantic import Field, PositiveInt, Tag, model_validator

from hiervox.models.base.config import DataConfig, LossWeight, ScheduleConfig, TrainConfig
from hiervox.models.base.data.setup import FeaturesConfig
from hiervox.models.base.training.adversarial_config import AdversarialExperiment, AdversarialLossConfig
from hiervox.models.base.training.discriminators import AnyDiscriminator
from hiervox.models.tts._hierarchy.networks.source_generator import SourceGeneratorSizes
from hiervox.models.tts._hierarchy.networks.source_network import SourceSizes
from hiervox.models.tts._hierarchy.networks.transformer_flow import TransformerFlowSizes
from hiervox.modules.convolutions.wavenet import WaveNetSizes
from hiervox.modules.discriminators.multi_period import MultiPeriodConfig
from hiervox.modules.discriminators.multi_resolution_stft import MultiResolutionSTFTConfig
from hiervox.modules.encoders.posterior import WaveformEncoderSizes
from hiervox.modules.encoders.style import StyleEncoderSizes
from hiervox.modules.transformers.relative import TransformerSizes
from hiervox.processors.audio import HOP_LENGTH, PAD_MULTIPLE, SAMPLE_RATE
from hiervox.processors.spectrogram import SpectrogramConfig
from hiervox.utils.config import Config
from hiervox.utils.schema import told_by

F0_PER_FRAME = 4
"""Values of F0 to a frame of 20 ms."""
F0_HOP_SECONDS = 0.005


class HierSpeechDataConfig(DataConfig):
    """Utterances padded as the published models were trained."""

    pad_multiple: PositiveInt | None = PAD_MULTIPLE


def require_published_rates(data: DataConfig, mel: SpectrogramConfig, features: FeaturesConfig) -> None:
    """Refuse frames of another length than the networks are made for.

    Raises:
        ValueError: naming the setting.
    """
    if (mel.sample_rate, mel.hop_length) != (SAMPLE_RATE, HOP_LENGTH):
        raise ValueError(f"mel must have a frame every {HOP_LENGTH} samples at {SAMPLE_RATE} Hz")
    if (data.sample_rate, data.hop_length or HOP_LENGTH) != (SAMPLE_RATE, HOP_LENGTH):
        raise ValueError(f"data must have a frame every {HOP_LENGTH} samples at {SAMPLE_RATE} Hz")
    if features.pitch.hop_seconds != F0_HOP_SECONDS:
        raise ValueError(
            f"features.pitch.hop_seconds has to be {F0_HOP_SECONDS}: the networks take F0 at 200 Hz"
        )


class SemanticPriorSizes(WaveNetSizes):
    """Each of the two semantic encoders: three WaveNet stacks."""

    n_layers: PositiveInt = 8


class AcousticPosteriorSizes(WaveNetSizes):
    """The dual-audio encoder: a WaveNet stack on the spectrogram, strided convolutions on the waveform.

    Attributes:
        waveform_channels: after the first convolution and after each strided one.
        waveform_rates, waveform_kernel_sizes: of the strided convolutions.
        block_kernel_sizes, block_dilations: of the AMP blocks after each.
    """

    waveform_channels: tuple[PositiveInt, ...] = (16, 32, 64, 128, 192)
    waveform_rates: tuple[PositiveInt, ...] = (8, 5, 4, 2)
    waveform_kernel_sizes: tuple[PositiveInt, ...] = (17, 10, 8, 4)
    block_kernel_sizes: tuple[PositiveInt, ...] = (3, 7, 11)
    block_dilations: tuple[PositiveInt, ...] = (1, 3, 5)

    @property
    def waveform(self) -> WaveformEncoderSizes:
        """Of the convolutions on the waveform."""
        return WaveformEncoderSizes(
            channels=self.waveform_channels,
            rates=self.waveform_rates,
            kernel_sizes=self.waveform_kernel_sizes,
            block_kernel_sizes=self.block_kernel_sizes,
            block_dilations=self.block_dilations,
        )


class BiTFlowSizes(TransformerFlowSizes):
    """The flows of transformers."""

    kind: Literal["transformer"] = "transformer"


class WaveNetFlowSizes(WaveNetSizes):
    """VITS' flows, as HierVST has them.

    Attributes:
        n_layers: of a coupling's WaveNet.
        n_couplings: couplings; after each the channels are reversed.
    """

    kind: Literal["wavenet"] = "wavenet"
    n_layers: PositiveInt = 4
    n_couplings: PositiveInt = 4


AnyFlowSizes = Annotated[
    Annotated[BiTFlowSizes, Tag("transformer")] | Annotated[WaveNetFlowSizes, Tag("wavenet")],
    told_by("kind", "transformer"),
]


class ProsodySizes(TransformerSizes):
    """The decoder of the lowest mel bins."""

    bins: PositiveInt = 20
    n_layers: PositiveInt = 2
    kernel_size: PositiveInt = 5


class SynthesizerConfig(Config):
    """The hierarchical synthesizer; the switches are those of its paper's ablations and of HierVST's.

    Attributes:
        dual_audio: whether the acoustic posterior reads the waveform beside the linear spectrogram.
        source_filter: whether the semantic encoders take F0.
        bidirectional: whether each flow learns both its directions, and not that to the lower latent alone.
        hierarchical: whether there is a speaker-related latent between the agnostic and the acoustic one.
        semantic_channels: of the semantic vectors (MMS-300m's 1024).
        spectrogram_channels: bins of the linear spectrogram.
        mel_channels: of the prompt's spectrogram.
        style_channels: of the style vector.
        style_hidden_channels: inside the style encoder.
        latent_channels: of all latents.
        flow: of each flow.
        prosody: of the decoder of the lowest mel bins; None for training without it.
        source: of the network that predicts F0 and leads the generator; None for a generator by itself.
        slice_frames: frames of the random slice that the generator learns from (9600 samples).
        unconditional_ratio: share of training items whose style the generator does not see (section 3.2).
    """

    dual_audio: bool = True
    source_filter: bool = True
    bidirectional: bool = True
    hierarchical: bool = True
    semantic_channels: PositiveInt = 1024
    spectrogram_channels: PositiveInt = 641
    mel_channels: PositiveInt = 80
    style_channels: PositiveInt = 256
    style_hidden_channels: PositiveInt = 256
    latent_channels: PositiveInt = 192
    semantic_prior: SemanticPriorSizes = SemanticPriorSizes()
    acoustic_posterior: AcousticPosteriorSizes = AcousticPosteriorSizes()
    flow: AnyFlowSizes = BiTFlowSizes()
    prosody: ProsodySizes | None = ProsodySizes()
    source: SourceSizes | None = SourceSizes()
    generator: SourceGeneratorSizes = SourceGeneratorSizes()
    slice_frames: PositiveInt = 30
    unconditional_ratio: float = Field(0.1, ge=0, le=1)

    @property
    def style_encoder(self) -> StyleEncoderSizes:
        """Of the style encoder."""
        return StyleEncoderSizes(hidden_channels=self.style_hidden_channels)

    @property
    def takes_f0(self) -> bool:
        """Whether speech follows the F0 that is given in inference."""
        return self.source_filter

    @property
    def hop_length(self) -> int:
        """Samples to a frame."""
        return prod(self.generator.rates)

    @property
    def pitch_ratio(self) -> int:
        """Values of F0 to a frame."""
        return self.generator.rates[0] if self.source is None else prod(self.source.rates)

    @model_validator(mode="after")
    def _sizes_fit(self) -> SynthesizerConfig:
        posterior = self.acoustic_posterior
        if self.latent_channels % 2:
            raise ValueError("latent_channels must be even, for the flows' couplings")
        if self.flow.kind == "transformer" and self.flow.hidden_channels % self.flow.n_heads:
            raise ValueError("flow.n_heads must divide flow.hidden_channels")
        if self.prosody is not None and self.latent_channels % self.prosody.n_heads:
            raise ValueError("prosody.n_heads must divide latent_channels")
        if self.style_hidden_channels % 2:
            raise ValueError("style_hidden_channels must be even, for its two attention heads")
        for section in (self.semantic_prior, posterior, self.flow, self.prosody):
            if section is not None and section.kernel_size % 2 == 0:
                raise ValueError("kernel_size must be odd")
        if (
            not len(posterior.waveform_rates)
            == len(posterior.waveform_kernel_sizes)
            == len(posterior.waveform_channels) - 1
        ):
            raise ValueError("acoustic_posterior needs one kernel size and one more channel count per rate")
        if prod(posterior.waveform_rates) != self.hop_length:
            raise ValueError("acoustic_posterior.waveform_rates and generator.rates must multiply to one hop")
        if self.pitch_ratio != self.generator.rates[0]:
            raise ValueError("source.rates must multiply to generator.rates[0], where the source enters")
        return self


class SynthesizerLossConfig(AdversarialLossConfig):
    """Weights of the loss terms; `docs/concepts/hierspeechpp.md` says where each comes from."""

    mel: LossWeight = 45.0
    prosody: LossWeight = 45.0
    log_f0: LossWeight = 1.0
    acoustic_kl: LossWeight = 1.0
    acoustic_kl_forward: LossWeight = 0.1
    semantic_kl: LossWeight = 1.0
    semantic_kl_forward: LossWeight = 0.1


class SynthesizerScheduleConfig(ScheduleConfig):
    """The paper's decay (section 5.3), once an epoch."""

    decay: float = Field(0.999**0.125, gt=0, le=1)


class SynthesizerTrainConfig(TrainConfig):
    """The training loop as on LibriTTS (section 5.3): 1.2 M steps of 80 utterances on 4 GPUs."""

    max_steps: PositiveInt = 1_200_000
    batch_size: PositiveInt = 20
    schedule: SynthesizerScheduleConfig = SynthesizerScheduleConfig()


class SynthesizerExperiment(AdversarialExperiment):
    """A training run of the hierarchical synthesizer.

    Attributes:
        model: sizes.
        loss: weights.
        discriminators: by default multi-period and multi-resolution complex STFT ones of the published sizes.
        features: what the data was extracted with.
        mel: of the style, the losses and (without its mel filters) the posterior.
    """

    data: HierSpeechDataConfig
    train: SynthesizerTrainConfig = SynthesizerTrainConfig()
    model: SynthesizerConfig = SynthesizerConfig()
    loss: SynthesizerLossConfig = SynthesizerLossConfig()
    discriminators: dict[str, AnyDiscriminator] = Field(
        {"stft": MultiResolutionSTFTConfig(), "period": MultiPeriodConfig()}
    )
    features: FeaturesConfig = FeaturesConfig()
    mel: SpectrogramConfig = SpectrogramConfig()

    @model_validator(mode="after")
    def _features_fit(self) -> SynthesizerExperiment:
        model, mel = self.model, self.mel
        if mel.n_mels != model.mel_channels:
            raise ValueError(f"mel.n_mels is {mel.n_mels}, but model.mel_channels {model.mel_channels}")
        if mel.n_bins != model.spectrogram_channels:
            raise ValueError(
                f"mel.n_fft makes {mel.n_bins} bins, but model.spectrogram_channels says "
                f"{model.spectrogram_channels}"
            )
        require_published_rates(self.data, mel, self.features)
        if model.hop_length != HOP_LENGTH:
            raise ValueError(f"model.generator.rates must multiply to {HOP_LENGTH}")
        if model.pitch_ratio != F0_PER_FRAME:
            raise ValueError(
                f"model.source.rates must multiply to {F0_PER_FRAME}, the values of F0 to a frame"
            )
        if model.prosody is not None and model.prosody.bins > mel.n_mels:
            raise ValueError(f"model.prosody.bins is over the {mel.n_mels} bins of mel")
        if 2 * model.slice_frames * HOP_LENGTH <= mel.n_fft:
            raise ValueError("model.slice_frames is too short for one window of mel")
        if self.adversarial and model.slice_frames * HOP_LENGTH < self.discriminator_samples:
            raise ValueError("model.slice_frames is shorter than what the discriminators take")
        if self.features.perturbed_copies == 0:
            raise ValueError("features.perturbed_copies must be at least 1: the lowest prior reads them")
        return self

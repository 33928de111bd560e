"""The hierarchical synthesizer: its sizes, and what its training can be told.

The sizes that stand as defaults are those of the published model of 97.0 M parameters (HierSpeech++,
arXiv 2311.12454, section 5.3, and the authors' code, which names the sizes that the paper leaves out).
"""

from __future__ import annotations

from math import prod
from pathlib import Path
from typing import Annotated, Any

from pydantic import Discriminator, Field, PositiveFloat, PositiveInt, Tag, model_validator

from hiervox.models.base.config import DataConfig, LossWeight, ScheduleConfig, TrainConfig
from hiervox.models.base.data.setup import FeaturesConfig
from hiervox.models.base.training.adversarial_config import AdversarialExperiment, AdversarialLossConfig
from hiervox.models.base.training.discriminators import AnyDiscriminator
from hiervox.models.tts.hierspeechpp.networks.source_generator import SourceGeneratorSizes
from hiervox.models.tts.hierspeechpp.networks.spectral_generator import SpectralGeneratorSizes
from hiervox.models.tts.hierspeechpp.networks.transformer_flow import TransformerFlowSizes
from hiervox.modules.convolutions.wavenet import WaveNetSizes
from hiervox.modules.discriminators.multi_period import MultiPeriodConfig
from hiervox.modules.discriminators.multi_resolution_stft import MultiResolutionSTFTConfig
from hiervox.modules.encoders.posterior import WaveformEncoderSizes
from hiervox.modules.encoders.style import StyleEncoderSizes
from hiervox.modules.transformers.relative import TransformerSizes
from hiervox.processors.audio import HOP_LENGTH, PAD_MULTIPLE, SAMPLE_RATE
from hiervox.processors.semantic.config import SemanticConfig
from hiervox.processors.spectrogram import SpectrogramConfig
from hiervox.utils.config import Config
from hiervox.utils.schema import Sizes

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


class SpeakerEncoderSizes(Config):
    """A CAM++ speaker encoder beside the style encoder; its weights were trained on other data, and stay.

    Attributes:
        channels: of the speaker embedding.
        hidden_channels: of the two layers that turn it into a part of the style.
        max_seconds: of a prompt in training, from its beginning; inference sees all of it.
    """

    channels: PositiveInt = 192
    hidden_channels: PositiveInt = 256
    max_seconds: PositiveFloat = 3.0


class ProsodySizes(TransformerSizes):
    """The decoder of the lowest mel bins."""

    bins: PositiveInt = 20
    n_layers: PositiveInt = 2
    kernel_size: PositiveInt = 5


class SourceSizes(Sizes):
    """The source network; its upsampling goes from the frame rate to that of F0.

    Attributes:
        initial_channels: before the first stage; each stage halves them.
        rates, kernel_sizes: of the upsampling.
        block_kernel_sizes, block_dilations: of the AMP blocks.
    """

    initial_channels: PositiveInt = 256
    rates: tuple[PositiveInt, ...] = (2, 2)
    kernel_sizes: tuple[PositiveInt, ...] = (4, 4)
    block_kernel_sizes: tuple[PositiveInt, ...] = (3, 5, 7)
    block_dilations: tuple[PositiveInt, ...] = (1, 3, 5)


def _kind_of(generator: Any) -> str:
    """Configs that are older than the choice name no kind."""
    given = generator.get("kind", "amp") if isinstance(generator, dict) else getattr(generator, "kind", "amp")
    return str(given)


AnyGeneratorSizes = Annotated[
    Annotated[SourceGeneratorSizes, Tag("amp")] | Annotated[SpectralGeneratorSizes, Tag("istft")],
    Discriminator(_kind_of),
]


class SynthesizerConfig(Config):
    """The hierarchical synthesizer.

    Attributes:
        semantic_channels: of the semantic vectors (MMS-300m's 1024).
        spectrogram_channels: bins of the linear spectrogram.
        mel_channels: of the prompt's spectrogram.
        style_channels: of the style vector.
        style_hidden_channels: inside the style encoder.
        speaker_encoder: a pretrained one whose embedding of the prompt adds to the style; None as published.
            Ours: few training voices teach little about those that are none of them.
        latent_channels: of all three latents.
        slice_frames: frames of the random slice that the generator learns from (9600 samples).
        judged_frames: how much of it the discriminators see, from a random place; None is all. Ours: the
            reconstruction terms can then see more than the dearer discriminators.
        unconditional_ratio: share of training items whose style the generator does not see (section 3.2).
        clean_prompts: whether the style encoder sees prompts with their stationary noise reduced, in
            inference; the speaker encoder sees them as they are.
        clean_sources: whether voice conversion tracks the F0 of its sources with their stationary noise
            reduced: noise, too, has periods, which are spoken as voice else.
        noise_floor: factor of what a voice makes of silence, which is subtracted from what it says, in
            inference; 0 subtracts nothing. Ours, and for the generator `istft` alone, whose noise has gains
            of its own: a prompt's background is spoken along else.
        style_truncation: how much of a prompt's style is left of its difference from the mean style that is
            kept beside the weights, in inference: the truncation trick's ψ (StyleGAN, arXiv 1812.04948,
            appendix B). 1 leaves a style as it is; less costs likeness, and words are clearer. Ours.
        prior_noise: factor of the agnostic prior's deviation wherever it is drawn from to speak, beside the
            noise scale of inference. Ours: a small model's prior is wider than speech needs.
        spoken_ratio: share of training items whose slice the generator makes from the semantic vectors, by
            the way that inference takes, instead of from the recording. Ours: it brings the priors to speech
            in fewer steps than the divergences alone.
        predicted_ratio: share of training items whose lowest prior reads `features.predicted_by`'s vectors
            instead of a perturbed copy's, where such are extracted. Ours: they are smoother.
    """

    semantic_channels: PositiveInt = 1024
    spectrogram_channels: PositiveInt = 641
    mel_channels: PositiveInt = 80
    style_channels: PositiveInt = 256
    style_hidden_channels: PositiveInt = 256
    speaker_encoder: SpeakerEncoderSizes | None = None
    latent_channels: PositiveInt = 192
    semantic_prior: SemanticPriorSizes = SemanticPriorSizes()
    acoustic_posterior: AcousticPosteriorSizes = AcousticPosteriorSizes()
    flow: TransformerFlowSizes = TransformerFlowSizes()
    prosody: ProsodySizes = ProsodySizes()
    source: SourceSizes = SourceSizes()
    generator: AnyGeneratorSizes = SourceGeneratorSizes()
    slice_frames: PositiveInt = 30
    judged_frames: PositiveInt | None = None
    unconditional_ratio: float = Field(0.1, ge=0, le=1)
    clean_prompts: bool = False
    clean_sources: bool = False
    noise_floor: float = Field(0.0, ge=0)
    style_truncation: float = Field(1.0, gt=0, le=1)
    prior_noise: float = Field(1.0, ge=0)
    spoken_ratio: float = Field(0.0, ge=0, le=1)
    predicted_ratio: float = Field(0.5, ge=0, le=1)

    @property
    def style_encoder(self) -> StyleEncoderSizes:
        """Of the style encoder."""
        return StyleEncoderSizes(hidden_channels=self.style_hidden_channels)

    @property
    def hop_length(self) -> int:
        """Samples to a frame."""
        return prod(self.generator.rates)

    @property
    def pitch_ratio(self) -> int:
        """Values of F0 to a frame."""
        return prod(self.source.rates)

    @model_validator(mode="after")
    def _sizes_fit(self) -> SynthesizerConfig:
        posterior = self.acoustic_posterior
        if self.latent_channels % 2:
            raise ValueError("latent_channels must be even, for the flows' couplings")
        if self.flow.hidden_channels % self.flow.n_heads:
            raise ValueError("flow.n_heads must divide flow.hidden_channels")
        if self.latent_channels % self.prosody.n_heads:
            raise ValueError("prosody.n_heads must divide latent_channels")
        if self.style_hidden_channels % 2:
            raise ValueError("style_hidden_channels must be even, for its two attention heads")
        if self.noise_floor and isinstance(self.generator, SourceGeneratorSizes):
            raise ValueError("noise_floor needs generator.kind istft")
        for section in (self.semantic_prior, posterior, self.flow, self.prosody):
            if section.kernel_size % 2 == 0:
                raise ValueError("kernel_size must be odd")
        stacks: list[tuple[str, SourceSizes | SourceGeneratorSizes]] = [("source", self.source)]
        if isinstance(self.generator, SourceGeneratorSizes):
            stacks.append(("generator", self.generator))
        for name, stages in stacks:
            if len(stages.rates) != len(stages.kernel_sizes):
                raise ValueError(f"{name}.kernel_sizes must be as many as {name}.rates")
            if any(
                kernel < rate or (kernel - rate) % 2
                for rate, kernel in zip(stages.rates, stages.kernel_sizes, strict=True)
            ):
                raise ValueError(f"each of {name}.kernel_sizes must be its rate plus an even number")
            if stages.initial_channels % 2 ** len(stages.rates):
                raise ValueError(f"{name}.initial_channels can't be halved once per rate")
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
    """Weights of the loss terms; `docs/concepts/hierspeechpp.md` says where each comes from.

    Three are ours. `speaker` is the distance of the sound's speaker embedding from the prompt's, `semantic`
    that of its hidden states in the network of `features.semantic` from the recording's. `fine_mel` is `mel`
    in windows of 20 ms instead of 80: it times what changes fast where there are no discriminators yet to do
    so.
    """

    mel: LossWeight = 45.0
    fine_mel: LossWeight = 0.0
    prosody: LossWeight = 45.0
    log_f0: LossWeight = 1.0
    acoustic_kl: LossWeight = 1.0
    acoustic_kl_forward: LossWeight = 0.1
    semantic_kl: LossWeight = 1.0
    semantic_kl_forward: LossWeight = 0.1
    speaker: LossWeight = 0.0
    semantic: LossWeight = 0.0


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
        speaker_encoder: a safetensors file with the weights of `model.speaker_encoder`; a run that starts
            from weights that hold them needs none.
        source_semantic: the encoder that voice conversion encodes its sources by, in inference, whose vectors
            mean the same as those of `features.semantic`; None for that one. Ours: a larger network that was
            taught these vectors loses fewer words of a noisy recording.
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
    speaker_encoder: Path | None = None
    source_semantic: SemanticConfig | None = None

    @model_validator(mode="after")
    def _features_fit(self) -> SynthesizerExperiment:
        model, mel = self.model, self.mel
        if self.loss.has_weight("speaker") and model.speaker_encoder is None:
            raise ValueError("loss.speaker has a weight, but there is no model.speaker_encoder")
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
        if model.prosody.bins > mel.n_mels:
            raise ValueError(f"model.prosody.bins is over the {mel.n_mels} bins of mel")
        if 2 * model.slice_frames * HOP_LENGTH <= mel.n_fft:
            raise ValueError("model.slice_frames is too short for one window of mel")
        judged = model.judged_frames or model.slice_frames
        if judged > model.slice_frames:
            raise ValueError("model.judged_frames is over model.slice_frames")
        if self.adversarial and judged * HOP_LENGTH < self.discriminator_samples:
            raise ValueError("model.judged_frames is shorter than what the discriminators take")
        if self.features.perturbed_copies == 0:
            raise ValueError("features.perturbed_copies must be at least 1: the lowest prior reads them")
        return self

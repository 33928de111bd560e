"""What can be set in Glow-WaveGAN. No code and no weights were published.

What the abstracts and figures of arXiv 2106.10831 and 2207.01832 leave open is a choice of ours, named in
docs/guides/tts_systems.md.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, PositiveFloat, PositiveInt, model_validator

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
from hiervox.models.tts._flow.config import FlowExperiment, FlowModelConfig
from hiervox.modules.discriminators.multi_period import MultiPeriodConfig
from hiervox.modules.discriminators.multi_resolution_magnitude import MultiResolutionMagnitudeConfig
from hiervox.modules.discriminators.multi_scale import MultiScaleConfig
from hiervox.modules.encoders.posterior import WaveformEncoderSizes
from hiervox.modules.generators.hifigan import HiFiGANSizes
from hiervox.modules.predictors.variance import VariancePredictorSizes
from hiervox.processors.mel_presets import MelSection, mel_preset
from hiervox.processors.pitch import PitchConfig
from hiervox.utils.config import Config

LATENT_CHANNELS = 128
SEGMENT_FRAMES = 32  # of HiFi-GAN and VITS
KERNEL_RATIO = 2
"""Kernel of a strided convolution of the encoder over its rate."""

DISCRIMINATORS: dict[str, AnyDiscriminator] = {
    "period": MultiPeriodConfig(),
    "scale": MultiScaleConfig(),
    "spectrum": MultiResolutionMagnitudeConfig(),
}
"""HiFi-GAN's, and one that sees spectra."""


class WaveEncoderSizes(Config):
    """The encoder of waveforms; its strided convolutions go through the decoder's rates backwards.

    Attributes:
        channels: after the first convolution; each strided one doubles them.
        block_kernel_sizes, block_dilations: of the residual blocks after each strided convolution.
    """

    channels: PositiveInt = 32
    block_kernel_sizes: tuple[PositiveInt, ...] = Field((3, 7, 11), min_length=1)
    block_dilations: tuple[PositiveInt, ...] = Field((1, 3, 5), min_length=1)


class WaveDecoderSizes(HiFiGANSizes):
    """HiFi-GAN V1 from the latent."""

    in_channels: PositiveInt = LATENT_CHANNELS


class PitchSizes(VariancePredictorSizes):
    """The predictors of F0 and voicing from the latent."""

    dropout: float = Field(0.1, ge=0, lt=1)


class WaveGanConfig(Config):
    """The variational autoencoder of waveforms.

    Attributes:
        latent_channels: of the Gaussian.
        encoder, decoder, pitch: sizes of the parts.
    """

    latent_channels: PositiveInt = LATENT_CHANNELS
    encoder: WaveEncoderSizes = WaveEncoderSizes()
    decoder: WaveDecoderSizes = WaveDecoderSizes()
    pitch: PitchSizes = PitchSizes()

    @property
    def waveform_encoder(self) -> WaveformEncoderSizes:
        """Of the encoder."""
        rates = self.decoder.rates[::-1]
        return WaveformEncoderSizes(
            channels=tuple(self.encoder.channels * 2**stage for stage in range(len(rates) + 1)),
            rates=rates,
            kernel_sizes=tuple(KERNEL_RATIO * rate for rate in rates),
            block_kernel_sizes=self.encoder.block_kernel_sizes,
            block_dilations=self.encoder.block_dilations,
        )

    @model_validator(mode="after")
    def _sizes_fit(self) -> WaveGanConfig:
        if self.decoder.in_channels != self.latent_channels:
            raise ValueError(f"decoder.in_channels must be latent_channels, {self.latent_channels}")
        if min(self.decoder.rates) < 2:
            raise ValueError("decoder.rates must be 2 or more, since the encoder divides by them")
        return self


class WaveGanLossConfig(AdversarialLossConfig):
    """Weights of the loss terms.

    Attributes:
        mel: L1 of log-mel spectrograms.
        spectral_convergence, log_magnitude: distances of magnitudes at three resolutions.
        kl: of the latent's Gaussian against the standard one, summed over channels, a frame.
        pitch: L1 of log-F0 in voiced frames.
        voicing: cross-entropy of what is voiced.
    """

    mel: LossWeight = 45.0
    spectral_convergence: LossWeight = 1.0
    log_magnitude: LossWeight = 1.0
    kl: LossWeight = 0.01
    pitch: LossWeight = 1.0
    voicing: LossWeight = 1.0


class WaveGanDataConfig(DataConfig):
    """Segments of recordings at 22.05 kHz."""

    sample_rate: PositiveInt = 22_050
    segment_samples: PositiveInt | None = SEGMENT_FRAMES * 256


class WaveGanOptimizerConfig(OptimizerConfig):
    """HiFi-GAN's."""

    learning_rate: PositiveFloat = 2e-4


class WaveGanTrainConfig(TrainConfig):
    """The training loop as HiFi-GAN's, with a warm-up for the encoder."""

    max_steps: PositiveInt = 1_000_000
    batch_size: PositiveInt = 16
    optimizer: WaveGanOptimizerConfig = WaveGanOptimizerConfig()
    schedule: ScheduleConfig = ScheduleConfig(decay=0.999, warmup_steps=1000)


class WaveGanExperiment(AdversarialExperiment):
    """A training run of the autoencoder.

    Attributes:
        model: sizes.
        loss: weights.
        discriminators: of waveforms.
        features: `pitch.hop_seconds` is a latent frame.
        mel: of the mel loss; its rate and hop are the latent's.
    """

    data: WaveGanDataConfig
    train: WaveGanTrainConfig = WaveGanTrainConfig()
    model: WaveGanConfig = WaveGanConfig()
    loss: WaveGanLossConfig = WaveGanLossConfig()
    discriminators: dict[str, AnyDiscriminator] = Field(default_factory=lambda: dict(DISCRIMINATORS))
    features: FeaturesConfig = FeaturesConfig(pitch=PitchConfig(hop_seconds=256 / 22_050))
    mel: MelSection = mel_preset("hifigan").model_copy(update={"f_max": 11_025.0})

    @model_validator(mode="after")
    def _fits_together(self) -> WaveGanExperiment:
        hop = self.mel.hop_length
        if hop != self.model.decoder.hop_length:
            raise ValueError(
                f"mel.hop_length must be {self.model.decoder.hop_length}, the product of model.decoder.rates"
            )
        frame = hop / self.mel.sample_rate
        if abs(self.features.pitch.hop_seconds - frame) > 1e-6:
            raise ValueError(f"features.pitch.hop_seconds must be a latent frame, {frame:.6f}")
        segment = self.data.segment_samples
        if self.adversarial and segment is not None and segment < self.discriminator_samples:
            raise ValueError(
                f"data.segment_samples must be at least the discriminators' {self.discriminator_samples}"
            )
        return self


class LatentFlowModelConfig(FlowModelConfig):
    """Glow-TTS over the latent."""

    frame_channels: PositiveInt = LATENT_CHANNELS
    mel_channels: PositiveInt = LATENT_CHANNELS


class LatentFlowDataConfig(DataConfig):
    """Recordings at 22.05 kHz.

    Attributes:
        wavegan: the run or checkpoint of the autoencoder whose latent the flow learns.
    """

    sample_rate: PositiveInt = 22_050
    wavegan: Path = Path("exp/runs/wavegan")


class LatentFlowExperiment(FlowExperiment):
    """A training run of the flow from text to the latent.

    Attributes:
        mel: its rate and hop are the latent's; of pictures, nothing is trained on it.
    """

    data: LatentFlowDataConfig
    model: LatentFlowModelConfig = LatentFlowModelConfig()
    mel: MelSection = mel_preset("hifigan")

"""The autoencoder of Glow-WaveGAN (arXiv 2106.10831): waveform to latent and back, and the latent's pitch."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn import functional

from hiervox.models.tts.glow_wavegan.config import WaveGanConfig
from hiervox.modules.encoders.posterior import WaveformEncoder
from hiervox.modules.functional.gaussian import Noise, sample_gaussian
from hiervox.modules.generators.hifigan import HiFiGANGenerator
from hiervox.modules.predictors.variance import VariancePredictor

INITIAL_LOG_STD = -5.0
"""Of the latent, so that the decoder sees the encoder before it learns to do without."""
LARGEST_LOG_STD = 1.0
"""Approached smoothly: without a bound, early updates at full size drove the variance beyond any number."""


@dataclass
class WaveGanOutput:
    """A training pass.

    Attributes:
        wav: (B, 1, T) decoded from a sample of the latent.
        mean, log_std: (B, C, N) of the latent.
        log_f0, voicing: (B, 1, N), predicted from the sample; the second as a logit.
    """

    wav: Tensor
    mean: Tensor
    log_std: Tensor
    log_f0: Tensor
    voicing: Tensor


class WaveGan(nn.Module):
    """Wave encoder, wave decoder, predictors of pitch and voicing.

    Args:
        config: sizes.
    """

    def __init__(self, config: WaveGanConfig) -> None:
        super().__init__()
        self.config = config
        self.hop_length = config.decoder.hop_length
        self.encoder = WaveformEncoder(config.waveform_encoder, out_channels=2 * config.latent_channels)
        deviation = self.encoder.output.bias
        assert deviation is not None
        nn.init.constant_(deviation[config.latent_channels :], INITIAL_LOG_STD)
        self.decoder = HiFiGANGenerator(config.decoder)
        self.pitch_predictor = VariancePredictor(config.latent_channels, config.pitch)
        self.voicing_predictor = VariancePredictor(config.latent_channels, config.pitch)

    def forward(self, wav: Tensor) -> WaveGanOutput:
        """The training pass of waveforms (B, 1, T), T a multiple of the hop length."""
        mean, log_std = self.encode(wav)
        mask = mean.new_ones(len(mean), 1, mean.shape[2])
        z = sample_gaussian(mean, log_std, mask)
        return WaveGanOutput(
            wav=self.decoder(z),
            mean=mean,
            log_std=log_std,
            log_f0=self.pitch_predictor.predict(z, mask),
            voicing=self.voicing_predictor.predict(z, mask),
        )

    def encode(self, wav: Tensor) -> tuple[Tensor, Tensor]:
        """(B, 1, T), T a multiple of the hop length → mean and log-deviation (B, C, T / hop)."""
        mean, deviation = self.encoder(wav).chunk(2, dim=1)
        return mean, LARGEST_LOG_STD - functional.softplus(LARGEST_LOG_STD - deviation)

    def latent(self, wav: Tensor, noise_scale: float = 1.0, generator: Noise = None) -> Tensor:
        """Waveforms (B, T), cut to whole frames, to a sample (B, C, N) of their latent; the mean at 0."""
        mean, log_std = self.encode(wav[:, None, : wav.shape[1] // self.hop_length * self.hop_length])
        return sample_gaussian(
            mean, log_std, mean.new_ones(len(mean), 1, mean.shape[2]), noise_scale, generator
        )

    def decode(self, z: Tensor) -> Tensor:
        """(B, C, N) → (B, 1, hop · N)."""
        wav: Tensor = self.decoder(z)
        return wav

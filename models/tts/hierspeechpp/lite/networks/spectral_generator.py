"""A light waveform generator: everything at the rate of F0 or below, and an inverse STFT to the waveform.

It takes the place of `SourceGenerator` where speed counts, as iSTFTNet (arXiv
2203.02395) and Vocos (arXiv 2306.00814) do in theirs. The network does not make phases out of nothing: it
filters, bin by bin, the spectra of a pulse train at the source network's F0 and of noise (a source-filter
model in the spectral domain, as the neural homomorphic vocoder's, Liu et al. 2020), which a small network
learns quickly.
"""

from __future__ import annotations

import math
from typing import Literal

import torch
from pydantic import PositiveInt, model_validator
from torch import Tensor, nn

from hiervox.models.tts.hierspeechpp.lite.networks.excitation import HarmonicExcitation
from hiervox.models.tts.hierspeechpp.lite.networks.frames import interleave
from hiervox.modules.convolutions.convnext import ConvNeXtBlock, ConvNeXtSizes
from hiervox.modules.spectral.hop_stft import HopSTFT
from hiervox.utils.schema import Sizes

EDGE_KERNEL = 7
BLOCK_KERNEL = 7
LEVEL_FLOOR = 1e-2
"""Magnitudes of the pulses' spectrum below it look the same to the network; noise has about 10."""
HIGHEST_LOG_GAIN = 3.0
INITIAL_LOG_GAINS = (-3.0, -5.0)
"""Of pulses and of noise: quiet speech."""
NOISE_LEVEL = 10.0
"""About the magnitude of the noise's spectrum."""
LEAST_GAIN = 0.05
"""-26 dB: what a noise floor leaves of gains below it."""


class SpectralGeneratorSizes(Sizes):
    """The light waveform generator; not a published one.

    Attributes:
        frame_channels, frame_blocks: of the ConvNeXt blocks at the frame rate.
        source_block_channels, source_blocks: of those at the rate of F0.
        expansion: hidden channels of a block over its channels.
        window_length: of the STFT, samples.
        rates: from frames to F0, and from there to samples, which is the STFT's hop.
        modulated: whether the style scales and shifts what each block normalizes; without it the input alone
            sees whose voice it is.
    """

    kind: Literal["istft"] = "istft"
    frame_channels: PositiveInt = 256
    frame_blocks: PositiveInt = 3
    source_block_channels: PositiveInt = 192
    source_blocks: PositiveInt = 4
    expansion: PositiveInt = 3
    window_length: PositiveInt = 320
    rates: tuple[PositiveInt, PositiveInt] = (4, 80)
    modulated: bool = False

    @model_validator(mode="after")
    def _window_fits(self) -> SpectralGeneratorSizes:
        hop = self.rates[1]
        if self.window_length < 2 * hop or (self.window_length - hop) % 2:
            raise ValueError(
                "generator.window_length must be at least two hops, and a hop plus an even number"
            )
        return self

    def block(self, channels: int) -> ConvNeXtSizes:
        """Of a ConvNeXt block."""
        return ConvNeXtSizes(
            channels=channels, hidden_channels=self.expansion * channels, kernel_size=BLOCK_KERNEL
        )


class SpectralGenerator(nn.Module):
    """Latent and excited source features → waveform.

    Args:
        sizes: see `SpectralGeneratorSizes`.
        latent_channels: of the input.
        source_channels: of the source network's features, whose rate is `sizes.rates[0]` times the input's.
        style_channels: of the style vector.
        sample_rate: Hz.

    Attributes:
        backbone_rate, waveform_rate: values of the backbone to a frame, and samples to one of the backbone.
        backbone_context: frames of the latent and of the source on either side that the backbone depends on.
        waveform_context: values of the backbone on either side that the waveform depends on.
    """

    def __init__(
        self,
        sizes: SpectralGeneratorSizes,
        *,
        latent_channels: int,
        source_channels: int,
        style_channels: int,
        sample_rate: int = 16000,
    ) -> None:
        super().__init__()
        source_rate, hop_length = sizes.rates
        frame_channels, source_block_channels = sizes.frame_channels, sizes.source_block_channels
        self.modulated = sizes.modulated
        block_style = style_channels if sizes.modulated else 0
        padding = EDGE_KERNEL // 2
        self.source_channels = source_channels
        self.pulses_and_noise = HarmonicExcitation(sample_rate, hop_length)
        self.stft = HopSTFT(sizes.window_length, hop_length)
        bins = self.stft.bins
        self.input = nn.Conv1d(latent_channels, frame_channels, EDGE_KERNEL, padding=padding)
        self.style = nn.Conv1d(style_channels, frame_channels, 1)
        self.frame_blocks = nn.ModuleList(
            ConvNeXtBlock(sizes.block(frame_channels), style_channels=block_style)
            for _ in range(sizes.frame_blocks)
        )
        self.raise_rate = nn.Conv1d(frame_channels, source_rate * source_block_channels, 1)
        self.source = nn.Conv1d(source_channels, source_block_channels, EDGE_KERNEL, padding=padding)
        self.pulses = nn.Conv1d(bins, source_block_channels, 1)
        self.source_blocks = nn.ModuleList(
            ConvNeXtBlock(sizes.block(source_block_channels), style_channels=block_style)
            for _ in range(sizes.source_blocks)
        )
        self.norm = nn.LayerNorm(source_block_channels)
        self.gains = nn.Linear(source_block_channels, 3 * bins)
        with torch.no_grad():
            self.gains.weight.mul_(0.1)
            pulse_gain, noise_gain = INITIAL_LOG_GAINS
            self.gains.bias.copy_(torch.tensor([pulse_gain, noise_gain, 0.0]).repeat_interleave(bins))

        self.backbone_rate, self.waveform_rate = source_rate, hop_length
        by_source_blocks, by_frame_blocks = (
            count * (BLOCK_KERNEL // 2) for count in (sizes.source_blocks, sizes.frame_blocks)
        )
        self.backbone_context = max(
            math.ceil(by_source_blocks / source_rate) + by_frame_blocks + padding,
            math.ceil((by_source_blocks + padding) / source_rate),
        )
        self.waveform_context = self.stft.context

    def source_signal(self, features: Tensor, log_f0: Tensor) -> Tensor:
        """What `forward` takes as its source; of a whole utterance, since phases run on through it.

        Args:
            features: (B, source_channels, source_rate * N), of the source network.
            log_f0: (B, 1, source_rate * N), log(Hz + 1).

        Returns:
            (B, source_channels + 4 * bins, source_rate * N): with the spectra of pulses and noise, real and
            imaginary parts.
        """
        spectra = [self.stft(wav) for wav in self.pulses_and_noise(log_f0)]
        parts = [part for spectrum in spectra for part in (spectrum.real, spectrum.imag)]
        return torch.cat([features, *(part.to(features.dtype) for part in parts)], dim=1)

    def forward(self, z: Tensor, source: Tensor, style: Tensor) -> Tensor:
        """Generate.

        Args:
            z: (B, latent_channels, N).
            source: (B, source_channels + 4 * bins, source_rate * N), of `source_signal`.
            style: (B, style_channels, 1).

        Returns:
            (B, 1, source_rate * hop_length * N) in [-1, 1].
        """
        return self.waveform(self.backbone(z, source, style))

    def backbone(self, z: Tensor, source: Tensor, style: Tensor, floor: Tensor | None = None) -> Tensor:
        """The arguments of `forward` → spectrum (B, 2 * bins, source_rate * N), real, then imaginary.

        Args:
            z, source, style: as for `forward`.
            floor: (B, bins, 1), gain of the noise that is subtracted from it, and from the pulses what they
                have of its magnitude: spectral subtraction (S. F. Boll, "Suppression of acoustic noise in
                speech using spectral subtraction", 1979), with gains that are smooth by themselves.
        """
        features, excitation = source.split([self.source_channels, 4 * self.stft.bins], dim=1)
        pulses, noise = self._spectra(excitation)
        pulse_gain, noise_gain, shift = self._gains(z, features, pulses, style)
        if floor is not None:
            pulse_gain = _above_floor(pulse_gain, floor, pulses.abs() / NOISE_LEVEL)
            noise_gain = _above_floor(noise_gain, floor)
        spectrum = torch.polar(pulse_gain, shift) * pulses + noise_gain * noise
        return torch.cat([spectrum.real, spectrum.imag], dim=1)

    def noise_gain(self, z: Tensor, source: Tensor, style: Tensor) -> Tensor:
        """Of the noise, for the arguments of `forward`: (B, bins, source_rate * N), float32."""
        features, excitation = source.split([self.source_channels, 4 * self.stft.bins], dim=1)
        return self._gains(z, features, self._spectra(excitation)[0], style)[1]

    def _gains(
        self, z: Tensor, features: Tensor, pulses: Tensor, style: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Gains of pulses and of noise, and the pulses' shift of phase: (B, bins, source_rate * N) each."""
        x = self.input(z) + self.style(style)
        block_style = style if self.modulated else None
        for block in self.frame_blocks:
            x = block(x, block_style)
        levels = torch.log(pulses.abs() + LEVEL_FLOOR).to(features.dtype)
        x = interleave(self.raise_rate(x), self.backbone_rate) + self.source(features) + self.pulses(levels)
        for block in self.source_blocks:
            x = block(x, block_style)
        pulse_gain, noise_gain, shift = self.gains(self.norm(x.mT)).mT.float().chunk(3, dim=1)
        pulse_gain, noise_gain = (gain.clamp(max=HIGHEST_LOG_GAIN).exp() for gain in (pulse_gain, noise_gain))
        return pulse_gain, noise_gain, shift

    def waveform(self, x: Tensor) -> Tensor:
        """What `backbone` made (B, 2 * bins, T) → waveform (B, 1, hop_length * T) in [-1, 1]."""
        real, imaginary = x.chunk(2, dim=1)
        return self.stft.inverse(torch.complex(real, imaginary)).clamp(-1, 1).unsqueeze(1)

    def _spectra(self, excitation: Tensor) -> tuple[Tensor, Tensor]:
        """Real and imaginary parts of pulses and of noise → complex spectra, float32."""
        pulse_real, pulse_imaginary, noise_real, noise_imaginary = excitation.float().chunk(4, dim=1)
        return torch.complex(pulse_real, pulse_imaginary), torch.complex(noise_real, noise_imaginary)


def _above_floor(gain: Tensor, floor: Tensor, level: Tensor | float = 1.0) -> Tensor:
    """What of a gain (B, bins, T) at a level is above the floor (B, bins, 1), `LEAST_GAIN` of it at least."""
    share = 1 - floor / (gain * level).clamp_min(torch.finfo(gain.dtype).tiny)
    return gain * share.clamp_min(LEAST_GAIN)

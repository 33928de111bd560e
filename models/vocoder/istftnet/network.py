"""iSTFTNet (arXiv 2203.02395): HiFi-GAN's first stages and an inverse STFT for the rest."""

from __future__ import annotations

import torch
from pydantic import PositiveInt
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.parametrizations import weight_norm

from hiervox.modules.generators.hifigan import EDGE_KERNEL, HiFiGANSizes, UpsamplingBackbone
from hiervox.modules.generators.vocoder import VocoderGenerator
from hiervox.modules.spectral.inverse_stft import InverseSTFT


class ISTFTNetSizes(HiFiGANSizes):
    """Sizes of the generator; defaults are C8C8I of the paper for 22.05 kHz.

    Attributes:
        n_fft, stft_hop_length: of the inverse STFT, samples.
    """

    rates: tuple[PositiveInt, ...] = (8, 8)
    kernel_sizes: tuple[PositiveInt, ...] = (16, 16)
    n_fft: PositiveInt = 16
    stft_hop_length: PositiveInt = 4

    @property
    def hop_length(self) -> int:
        """Samples to an input frame."""
        return super().hop_length * self.stft_hop_length


class ISTFTNet(VocoderGenerator):
    """Mel spectrogram to waveform.

    The phase is the sine of the last convolution's output, as in the unofficial code whose weights are
    imported, so it stays within ±1 radian.

    Args:
        sizes: see `ISTFTNetSizes`.
    """

    def __init__(self, sizes: ISTFTNetSizes) -> None:
        super().__init__()
        self.sizes = sizes
        self.backbone = UpsamplingBackbone(sizes)
        outputs = sizes.n_fft + 2
        conv = nn.Conv1d(sizes.out_channels, outputs, EDGE_KERNEL, padding=EDGE_KERNEL // 2)
        self.output = weight_norm(conv)
        self.inverse_stft = InverseSTFT(sizes.n_fft, sizes.stft_hop_length)
        self.hop_length = sizes.hop_length
        self.context = self.backbone.context(EDGE_KERNEL // 2 + 1 + self.inverse_stft.context)

    def spectrum(self, mel: Tensor) -> tuple[Tensor, Tensor]:
        """(B, in_channels, N) → magnitude and phase, (B, n_fft / 2 + 1, frames + 1) each, float32."""
        hidden = functional.pad(self.backbone(mel), (1, 0), mode="reflect")
        log_magnitude, phase = self.output(hidden).float().chunk(2, dim=1)
        return log_magnitude.exp(), phase.sin()

    def forward(self, mel: Tensor) -> Tensor:
        """(B, in_channels, N) → (B, 1, hop_length * N)."""
        wav: Tensor = self.inverse_stft(torch.polar(*self.spectrum(mel)))
        return wav.unsqueeze(1)

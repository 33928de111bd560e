"""The acoustic posterior of HierSpeech++ (arXiv 2311.12454, section 3.2)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from hiervox.modules.convolutions.wavenet import WaveNet, WaveNetSizes
from hiervox.modules.encoders.posterior import WaveformEncoder


class DualAudioPosteriorEncoder(nn.Module):
    """Posterior from a linear spectrogram and the waveform itself (HierSpeech++, section 3.2).

    Args:
        sizes: of the stack on the spectrogram.
        waveform_encoder: with `sizes.hidden_channels` outputs at the spectrogram's frame rate.
        spectrogram_channels: bins of the linear spectrogram.
        latent_channels: of the Gaussian.
        style_channels: of the style vector.
    """

    def __init__(
        self,
        sizes: WaveNetSizes,
        waveform_encoder: WaveformEncoder,
        *,
        spectrogram_channels: int,
        latent_channels: int,
        style_channels: int,
    ) -> None:
        super().__init__()
        self.input = nn.Conv1d(spectrogram_channels, sizes.hidden_channels, 1)
        self.stack = WaveNet(sizes, condition_channels=style_channels)
        self.waveform_encoder = waveform_encoder
        self.projection = nn.Conv1d(2 * sizes.hidden_channels, 2 * latent_channels, 1)

    def forward(self, linear_spec: Tensor, wav: Tensor, mask: Tensor, style: Tensor) -> tuple[Tensor, Tensor]:
        """Encode.

        The waveform branch does not know the mask: near the end of a padded utterance its features
        depend on there being padding.

        Args:
            linear_spec: (B, spectrogram_channels, N).
            wav: (B, 1, hop * N).
            mask: (B, 1, N).
            style: (B, style_channels, 1).

        Returns:
            mean and log standard deviation, (B, latent_channels, N) each, masked.
        """
        spectral = self.stack(self.input(linear_spec) * mask, mask, style)
        temporal = self.waveform_encoder(wav) * mask
        mean, log_std = (self.projection(torch.cat([spectral, temporal], dim=1)) * mask).chunk(2, dim=1)
        return mean, log_std

"""Posterior encoders: what a frame of sound was, as a Gaussian over latents."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import weight_norm

from hiervox.modules.activations.alias_free import AliasFreeActivation
from hiervox.modules.activations.snake import SnakeBeta
from hiervox.modules.convolutions.amp_block import ParallelAMPBlocks
from hiervox.modules.convolutions.wavenet import WaveNet

INPUT_KERNEL = OUTPUT_KERNEL = 7


class PosteriorEncoder(nn.Module):
    """WaveNet posterior (VITS, arXiv 2106.06103, section 2.5.1).

    Args:
        in_channels: of the features.
        latent_channels: of the Gaussian.
        hidden_channels: of the stack.
        style_channels: of the style vector; 0 where there is none.
        kernel_size, dilation_rate, n_layers: of the stack.
    """

    def __init__(
        self,
        in_channels: int,
        latent_channels: int,
        hidden_channels: int,
        style_channels: int = 0,
        kernel_size: int = 5,
        dilation_rate: int = 1,
        n_layers: int = 16,
    ) -> None:
        super().__init__()
        self.input = nn.Conv1d(in_channels, hidden_channels, 1)
        self.stack = WaveNet(hidden_channels, kernel_size, dilation_rate, n_layers, style_channels)
        self.projection = nn.Conv1d(hidden_channels, 2 * latent_channels, 1)

    def forward(self, features: Tensor, mask: Tensor, style: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """(B, in_channels, N), mask (B, 1, N), style (B, S, 1) → mean and log standard deviation, masked."""
        hidden = self.stack(self.input(features) * mask, mask, style)
        mean, log_std = (self.projection(hidden) * mask).chunk(2, dim=1)
        return mean, log_std


class WaveformEncoder(nn.Module):
    """Waveform → features at frame rate: strided convolutions, each followed by a mean of AMP blocks.

    Args:
        channels: after the first convolution and after each strided one.
        rates, kernel_sizes: of the strided convolutions.
        block_kernel_sizes, block_dilations: of the AMP blocks.
        out_channels: of the features.
    """

    def __init__(
        self,
        channels: Sequence[int],
        rates: Sequence[int],
        kernel_sizes: Sequence[int],
        block_kernel_sizes: Sequence[int],
        block_dilations: Sequence[int],
        out_channels: int,
    ) -> None:
        super().__init__()
        self.input = nn.Conv1d(1, channels[0], INPUT_KERNEL, padding=INPUT_KERNEL // 2)
        self.downs = nn.ModuleList()
        self.blocks = nn.ModuleList()
        for inputs, outputs, rate, kernel_size in zip(
            channels[:-1], channels[1:], rates, kernel_sizes, strict=True
        ):
            convolution = nn.Conv1d(inputs, outputs, kernel_size, stride=rate, padding=(kernel_size - 1) // 2)
            self.downs.append(weight_norm(convolution))
            self.blocks.append(ParallelAMPBlocks(outputs, block_kernel_sizes, block_dilations))
        self.activation = AliasFreeActivation(SnakeBeta(channels[-1]))
        self.output = nn.Conv1d(channels[-1], out_channels, OUTPUT_KERNEL, padding=OUTPUT_KERNEL // 2)

    def forward(self, wav: Tensor) -> Tensor:
        """(B, 1, T) → (B, out_channels, T / product of the rates)."""
        x = self.input(wav)
        for down, blocks in zip(self.downs, self.blocks, strict=True):
            x = blocks(down(x))
        return self.output(self.activation(x))


class DualAudioPosteriorEncoder(nn.Module):
    """Posterior from a linear spectrogram and the waveform itself (HierSpeech++, section 3.2).

    Args:
        spectrogram_channels: bins of the linear spectrogram.
        latent_channels: of the Gaussian.
        hidden_channels: of the stack and of the waveform's features.
        style_channels: of the style vector; 0 where there is none.
        waveform_encoder: with `hidden_channels` outputs at the spectrogram's frame rate.
        kernel_size, dilation_rate, n_layers: of the stack.
    """

    def __init__(
        self,
        spectrogram_channels: int,
        latent_channels: int,
        hidden_channels: int,
        style_channels: int,
        waveform_encoder: WaveformEncoder,
        kernel_size: int = 5,
        dilation_rate: int = 1,
        n_layers: int = 16,
    ) -> None:
        super().__init__()
        self.input = nn.Conv1d(spectrogram_channels, hidden_channels, 1)
        self.stack = WaveNet(hidden_channels, kernel_size, dilation_rate, n_layers, style_channels)
        self.waveform_encoder = waveform_encoder
        self.projection = nn.Conv1d(2 * hidden_channels, 2 * latent_channels, 1)

    def forward(
        self, linear_spec: Tensor, wav: Tensor, mask: Tensor, style: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Encode.

        The waveform branch does not know the mask: near the end of a padded utterance its features
        depend on there being padding.

        Args:
            linear_spec: (B, spectrogram_channels, N).
            wav: (B, 1, hop * N).
            mask: (B, 1, N).
            style: (B, style_channels, 1), or None.

        Returns:
            mean and log standard deviation, (B, latent_channels, N) each, masked.
        """
        spectral = self.stack(self.input(linear_spec) * mask, mask, style)
        temporal = self.waveform_encoder(wav) * mask
        mean, log_std = (self.projection(torch.cat([spectral, temporal], dim=1)) * mask).chunk(2, dim=1)
        return mean, log_std

"""Posterior encoders: what a frame of sound was, as a Gaussian over latents."""

from __future__ import annotations

import math

from pydantic import Field, PositiveInt
from torch import Tensor, nn
from torch.nn.utils.parametrizations import weight_norm

from hiervox.modules.activations.alias_free import AliasFreeActivation
from hiervox.modules.activations.snake import SnakeBeta
from hiervox.modules.convolutions.amp_block import ParallelAMPBlocks
from hiervox.modules.convolutions.residual_block import context_of
from hiervox.modules.convolutions.wavenet import WaveNet, WaveNetSizes
from hiervox.utils.schema import Sizes

INPUT_KERNEL = OUTPUT_KERNEL = 7


class PosteriorEncoder(nn.Module):
    """WaveNet posterior (VITS, arXiv 2106.06103, section 2.5.1).

    Args:
        sizes: of the stack.
        in_channels: of the features.
        latent_channels: of the Gaussian.
        style_channels: of the style vector; 0 where there is none.
    """

    def __init__(
        self, sizes: WaveNetSizes, *, in_channels: int, latent_channels: int, style_channels: int = 0
    ) -> None:
        super().__init__()
        self.input = nn.Conv1d(in_channels, sizes.hidden_channels, 1)
        self.stack = WaveNet(sizes, condition_channels=style_channels)
        self.projection = nn.Conv1d(sizes.hidden_channels, 2 * latent_channels, 1)

    def forward(self, features: Tensor, mask: Tensor, style: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """(B, in_channels, N), mask (B, 1, N), style (B, S, 1) → mean and log standard deviation, masked."""
        hidden = self.stack(self.input(features) * mask, mask, style)
        mean, log_std = (self.projection(hidden) * mask).chunk(2, dim=1)
        return mean, log_std


class WaveformEncoderSizes(Sizes):
    """Sizes of `WaveformEncoder`; defaults are those of HierSpeech++.

    Attributes:
        channels: after the first convolution and after each strided one.
        rates, kernel_sizes: of the strided convolutions.
        block_kernel_sizes, block_dilations: of the AMP blocks.
    """

    channels: tuple[PositiveInt, ...] = Field((16, 32, 64, 128, 192), min_length=1)
    rates: tuple[PositiveInt, ...] = (8, 5, 4, 2)
    kernel_sizes: tuple[PositiveInt, ...] = (17, 10, 8, 4)
    block_kernel_sizes: tuple[PositiveInt, ...] = (3, 7, 11)
    block_dilations: tuple[PositiveInt, ...] = (1, 3, 5)


class WaveformEncoder(nn.Module):
    """Waveform → features at frame rate: strided convolutions, each followed by a mean of AMP blocks.

    Args:
        sizes: see `WaveformEncoderSizes`.
        out_channels: of the features.

    Attributes:
        context: frames on either side whose samples a frame depends on.
    """

    def __init__(self, sizes: WaveformEncoderSizes, *, out_channels: int) -> None:
        super().__init__()
        channels = sizes.channels
        self.input = nn.Conv1d(1, channels[0], INPUT_KERNEL, padding=INPUT_KERNEL // 2)
        self.downs = nn.ModuleList()
        self.blocks = nn.ModuleList()
        for inputs, outputs, rate, kernel_size in zip(
            channels[:-1], channels[1:], sizes.rates, sizes.kernel_sizes, strict=True
        ):
            convolution = nn.Conv1d(inputs, outputs, kernel_size, stride=rate, padding=(kernel_size - 1) // 2)
            self.downs.append(weight_norm(convolution))
            self.blocks.append(ParallelAMPBlocks(outputs, sizes.block_kernel_sizes, sizes.block_dilations))
        self.activation = AliasFreeActivation(SnakeBeta(channels[-1]))
        self.output = nn.Conv1d(channels[-1], out_channels, OUTPUT_KERNEL, padding=OUTPUT_KERNEL // 2)
        self.context = self._context(sizes)

    def _context(self, sizes: WaveformEncoderSizes) -> int:
        receptive_field = OUTPUT_KERNEL // 2 + self.activation.context
        stages = list(zip(sizes.rates, sizes.kernel_sizes, self.blocks, strict=True))
        for rate, kernel_size, blocks in reversed(stages):
            receptive_field = rate * (receptive_field + context_of(blocks)) + kernel_size // 2
        return -(-(receptive_field + INPUT_KERNEL // 2) // math.prod(sizes.rates))

    def forward(self, wav: Tensor) -> Tensor:
        """(B, 1, T) → (B, out_channels, T / product of the rates)."""
        x = self.input(wav)
        for down, blocks in zip(self.downs, self.blocks, strict=True):
            x = blocks(down(x))
        return self.output(self.activation(x))

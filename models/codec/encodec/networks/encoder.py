"""SEANet encoder: a waveform to embeddings at a low rate (EnCodec, arXiv 2210.13438, section 3.1)."""

from __future__ import annotations

import math

from torch import Tensor, nn
from torch.nn import functional as F

from hiervox.models.codec.encodec.networks.seanet import (
    WAVEFORM_LEVEL,
    SEANetBlock,
    SEANetSizes,
    keep_variance,
    scale_weight,
)
from hiervox.modules.convolutions.reflected import ReflectedConv1d
from hiervox.modules.recurrent.residual_lstm import ResidualLSTM


class SEANetEncoder(nn.Module):
    """A convolution, stages of a residual block and a strided convolution, LSTM, a convolution.

    Args:
        sizes: see `SEANetSizes`.
    """

    def __init__(self, sizes: SEANetSizes) -> None:
        super().__init__()
        channels, self.strides = sizes.channels, sizes.strides
        self.input = sizes.convolution(nn.Conv1d(sizes.audio_channels, channels, sizes.kernel_size))
        self.blocks, self.downs = nn.ModuleList(), nn.ModuleList()
        for stride in sizes.strides:
            self.blocks.append(SEANetBlock(channels, sizes))
            self.downs.append(sizes.convolution(nn.Conv1d(channels, 2 * channels, 2 * stride, stride)))
            channels *= 2
        self.recurrent = ResidualLSTM(channels, sizes.lstm_layers)
        self.output = sizes.convolution(nn.Conv1d(channels, sizes.dimension, sizes.kernel_size))
        if sizes.keep_variance:
            keep_variance(self)
            scale_weight(self.input.conv, 1 / WAVEFORM_LEVEL)

    def forward(self, wav: Tensor) -> Tensor:
        """(B, audio_channels, T) → (B, dimension, ceil(T / product of the strides))."""
        result: Tensor = self.output(F.elu(self.recurrent(self.downsampled(wav))))
        return result

    def downsampled(self, wav: Tensor) -> Tensor:
        """What the LSTM reads: (B, audio_channels, T) → (B, C, ceil(T / product of the strides))."""
        x: Tensor = self.input(wav)
        for block, down in zip(self.blocks, self.downs, strict=True):
            x = down(F.elu(block(x)))
        return x

    @property
    def context(self) -> int:
        """Frames before a frame that `downsampled` looks at, where it looks back only."""
        samples = 0
        for block, down in zip(reversed(self.blocks), reversed(self.downs), strict=True):
            assert isinstance(block, SEANetBlock) and isinstance(down, ReflectedConv1d)
            samples = samples * down.stride + down.padding + block.contract.padding
        samples += self.input.padding
        return -(-samples // math.prod(self.strides))

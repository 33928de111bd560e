"""SEANet decoder: embeddings at a low rate to a waveform (EnCodec, arXiv 2210.13438, section 3.1)."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from hiervox.models.codec.encodec.networks.seanet import (
    WAVEFORM_LEVEL,
    SEANetBlock,
    SEANetSizes,
    keep_variance,
    scale_weight,
)
from hiervox.modules.convolutions.reflected import ReflectedConvTranspose1d
from hiervox.modules.recurrent.residual_lstm import ResidualLSTM


class SEANetDecoder(nn.Module):
    """A convolution, LSTM, stages of a transposed convolution and a residual block, a convolution.

    Args:
        sizes: see `SEANetSizes`.
    """

    def __init__(self, sizes: SEANetSizes) -> None:
        super().__init__()
        channels, self.strides = sizes.channels * 2 ** len(sizes.strides), sizes.strides
        self.input = sizes.convolution(nn.Conv1d(sizes.dimension, channels, sizes.kernel_size))
        self.recurrent = ResidualLSTM(channels, sizes.lstm_layers)
        self.ups, self.blocks = nn.ModuleList(), nn.ModuleList()
        for stride in reversed(sizes.strides):
            up = nn.ConvTranspose1d(channels, channels // 2, 2 * stride, stride)
            self.ups.append(
                ReflectedConvTranspose1d(up, causal=sizes.causal, normalization=sizes.normalization)
            )
            channels //= 2
            self.blocks.append(SEANetBlock(channels, sizes))
        self.output = sizes.convolution(nn.Conv1d(channels, sizes.audio_channels, sizes.kernel_size))
        if sizes.keep_variance:
            keep_variance(self)
            scale_weight(self.output.conv, WAVEFORM_LEVEL)

    def forward(self, embeddings: Tensor) -> Tensor:
        """(B, dimension, N) → (B, audio_channels, N * product of the strides)."""
        return self.upsampled(self.recurrent(self.input(embeddings)))

    def upsampled(self, x: Tensor) -> Tensor:
        """What the LSTM gives (B, C, N) → (B, audio_channels, N * product of the strides)."""
        for up, block in zip(self.ups, self.blocks, strict=True):
            x = block(up(F.elu(x)))
        result: Tensor = self.output(F.elu(x))
        return result

    @property
    def context(self) -> int:
        """Frames before a frame that `upsampled` looks at, where it looks back only."""
        values = self.output.padding
        for block, stride in zip(reversed(self.blocks), self.strides, strict=True):
            assert isinstance(block, SEANetBlock)
            values = -(-(values + block.contract.padding) // stride) + 1
        return values

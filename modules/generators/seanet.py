"""SEANet decoder: embeddings at a low rate to a waveform (EnCodec, arXiv 2210.13438, section 3.1)."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn import functional as F

from hiervox.modules.convolutions.reflected import (
    Normalization,
    ReflectedConv1d,
    ReflectedConvTranspose1d,
)
from hiervox.modules.convolutions.seanet import SEANetBlock
from hiervox.modules.recurrent.residual_lstm import ResidualLSTM


class SEANetDecoder(nn.Module):
    """A convolution, LSTM, stages of a transposed convolution and a residual block, a convolution.

    Args:
        audio_channels: of the waveform.
        channels: before the last convolution; each stage halves its input to arrive there.
        dimension: of the embeddings.
        strides: of the stages; the kernels are twice as long.
        kernel_size: of the first and the last convolution.
        block_kernel_size: of the residual blocks.
        lstm_layers: of the recurrent stack.
        causal, normalization: of all convolutions.
    """

    def __init__(
        self,
        audio_channels: int,
        channels: int,
        dimension: int,
        strides: Sequence[int],
        kernel_size: int = 7,
        block_kernel_size: int = 3,
        lstm_layers: int = 2,
        causal: bool = True,
        normalization: Normalization = "weight",
    ) -> None:
        super().__init__()
        widest = channels * 2 ** len(strides)
        self.input = ReflectedConv1d(
            dimension, widest, kernel_size, causal=causal, normalization=normalization
        )
        self.recurrent = ResidualLSTM(widest, lstm_layers)
        self.ups, self.blocks = nn.ModuleList(), nn.ModuleList()
        for stage, stride in enumerate(strides):
            inputs = widest // 2**stage
            self.ups.append(
                ReflectedConvTranspose1d(inputs, inputs // 2, 2 * stride, stride, causal, normalization)
            )
            self.blocks.append(SEANetBlock(inputs // 2, block_kernel_size, 1, causal, normalization))
        self.output = ReflectedConv1d(
            channels, audio_channels, kernel_size, causal=causal, normalization=normalization
        )

    def forward(self, embeddings: Tensor) -> Tensor:
        """(B, dimension, N) → (B, audio_channels, N * product of the strides)."""
        x = self.recurrent(self.input(embeddings))
        for up, block in zip(self.ups, self.blocks, strict=True):
            x = block(up(F.elu(x)))
        result: Tensor = self.output(F.elu(x))
        return result

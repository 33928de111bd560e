"""SEANet encoder: a waveform to embeddings at a low rate (EnCodec, arXiv 2210.13438, section 3.1)."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn import functional as F

from hiervox.modules.convolutions.reflected import Normalization, ReflectedConv1d
from hiervox.modules.convolutions.seanet import SEANetBlock
from hiervox.modules.recurrent.residual_lstm import ResidualLSTM


class SEANetEncoder(nn.Module):
    """A convolution, stages of a residual block and a strided convolution, LSTM, a convolution.

    Args:
        audio_channels: of the waveform.
        channels: after the first convolution; each stage doubles them.
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
        self.input = ReflectedConv1d(
            audio_channels, channels, kernel_size, causal=causal, normalization=normalization
        )
        self.blocks, self.downs = nn.ModuleList(), nn.ModuleList()
        for stride in strides:
            self.blocks.append(SEANetBlock(channels, block_kernel_size, 1, causal, normalization))
            self.downs.append(
                ReflectedConv1d(
                    channels, 2 * channels, 2 * stride, stride, causal=causal, normalization=normalization
                )
            )
            channels *= 2
        self.recurrent = ResidualLSTM(channels, lstm_layers)
        self.output = ReflectedConv1d(
            channels, dimension, kernel_size, causal=causal, normalization=normalization
        )

    def forward(self, wav: Tensor) -> Tensor:
        """(B, audio_channels, T) → (B, dimension, ceil(T / product of the strides))."""
        x = self.input(wav)
        for block, down in zip(self.blocks, self.downs, strict=True):
            x = down(F.elu(block(x)))
        result: Tensor = self.output(F.elu(self.recurrent(x)))
        return result

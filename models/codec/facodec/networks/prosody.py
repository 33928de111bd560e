"""Prosody from the lowest bins of a mel spectrogram."""

from __future__ import annotations

from torch import Tensor, nn

from hiervox.modules.convolutions.reflected import ReflectedConv1d
from hiervox.modules.convolutions.wavenet import WaveNet, WaveNetSizes
from hiervox.modules.transformers.convolutional import Transformer, TransformerSizes

WAVENET_DROPOUT = 0.2
"""The published training."""


class ProsodyTransformer(nn.Module):
    """A linear layer and a transformer, as in the authors' version for conversion.

    Args:
        n_bins: M.
        channels: D.
        sizes: of the transformer.
    """

    def __init__(self, n_bins: int, channels: int, sizes: TransformerSizes) -> None:
        super().__init__()
        self.input = nn.Conv1d(n_bins, channels, 1)
        self.transformer = Transformer(channels, sizes)

    def forward(self, mel: Tensor) -> Tensor:
        """(B, M, N) → (B, D, N)."""
        result: Tensor = self.transformer(self.input(mel))
        return result


class ProsodyWaveNet(nn.Module):
    """A causal WaveNet between two pointwise convolutions, as in the form published with a training.

    Args:
        n_bins: M.
        channels: D.
        sizes: of the WaveNet.
    """

    def __init__(self, n_bins: int, channels: int, sizes: WaveNetSizes) -> None:
        super().__init__()
        hidden, kernel_size = sizes.hidden_channels, sizes.kernel_size
        self.input = nn.Conv1d(n_bins, hidden, 1)
        self.wavenet = WaveNet(sizes, dropout=WAVENET_DROPOUT)
        self.wavenet.dilated = nn.ModuleList(
            ReflectedConv1d(nn.Conv1d(hidden, 2 * hidden, kernel_size)) for _ in range(sizes.n_layers)
        )
        self.output = nn.Conv1d(hidden, channels, 1)

    def forward(self, mel: Tensor) -> Tensor:
        """(B, M, N) → (B, D, N)."""
        hidden = self.input(mel)
        result: Tensor = self.output(self.wavenet(hidden, mel.new_ones(1, 1, mel.shape[2])))
        return result

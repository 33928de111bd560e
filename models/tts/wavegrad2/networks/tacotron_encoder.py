"""Tacotron 2's text encoder (arXiv 1712.05884, section 2.2): convolutions and a recurrent layer."""

from __future__ import annotations

from pydantic import Field, PositiveInt
from torch import Tensor, nn

from hiervox.models.tts.wavegrad2.networks.packed_lstm import PackedLSTM
from hiervox.modules.functional.masking import mask_lengths
from hiervox.utils.schema import Sizes


class TacotronEncoderSizes(Sizes):
    """Sizes of the encoder.

    Attributes:
        channels: of the embedding, the convolutions and the hidden sequence.
        kernel_size: of the convolutions, odd.
        n_layers: of the convolutions.
        dropout: after each of them.
        masked: whether convolutions are kept from padding, so that a text's encoding does not depend on
            the others of its batch.
    """

    channels: PositiveInt = Field(512, multiple_of=2)
    kernel_size: PositiveInt = 5
    n_layers: PositiveInt = 3
    dropout: float = Field(0.5, ge=0, lt=1)
    masked: bool = True


class TacotronEncoder(nn.Module):
    """Embedding, layers of [convolution, batch norm, ReLU, dropout], a bidirectional LSTM.

    Args:
        n_symbols: size of the phoneme table.
        sizes: see `TacotronEncoderSizes`.
    """

    def __init__(self, n_symbols: int, sizes: TacotronEncoderSizes) -> None:
        super().__init__()
        channels, kernel_size = sizes.channels, sizes.kernel_size
        self.masked = sizes.masked
        self.embedding = nn.Embedding(n_symbols, channels)
        self.convs = nn.ModuleList(
            nn.Conv1d(channels, channels, kernel_size, padding=kernel_size // 2)
            for _ in range(sizes.n_layers)
        )
        self.norms = nn.ModuleList(nn.BatchNorm1d(channels) for _ in range(sizes.n_layers))
        self.dropout = nn.Dropout(sizes.dropout)
        self.recurrent = PackedLSTM(channels, channels // 2)

    def convolved(self, x: Tensor, mask: Tensor) -> Tensor:
        """Embeddings (B, channels, L), mask (B, 1, L) → (B, channels, L)."""
        for conv, norm in zip(self.convs, self.norms, strict=True):
            x = self.dropout(norm(conv(x * mask if self.masked else x)).relu())
        return x

    def forward(self, tokens: Tensor, mask: Tensor) -> Tensor:
        """Tokens (B, L), mask (B, 1, L) → hidden sequence (B, channels, L), 0 on padding."""
        hidden: Tensor = self.convolved(self.embedding(tokens).mT, mask)
        hidden = self.recurrent(hidden, mask_lengths(mask))
        return hidden

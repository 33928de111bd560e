"""Tacotron 2's text encoder (arXiv 1712.05884, section 2.2): convolutions and a recurrent layer."""

from __future__ import annotations

from torch import Tensor, nn

from hiervox.modules.functional.masking import mask_lengths
from hiervox.modules.recurrent.packed_lstm import PackedLSTM


class TacotronEncoder(nn.Module):
    """Embedding, layers of [convolution, batch norm, ReLU, dropout], a bidirectional LSTM.

    Args:
        n_symbols: size of the phoneme table.
        channels: of the embedding, the convolutions and the hidden sequence; even.
        kernel_size: of the convolutions, odd.
        n_layers: of the convolutions.
        dropout: after each of them.
        masked: whether convolutions are kept from padding, so that a text's encoding does not depend on
            the others of its batch.
    """

    def __init__(
        self,
        n_symbols: int,
        channels: int,
        kernel_size: int = 5,
        n_layers: int = 3,
        dropout: float = 0.5,
        masked: bool = True,
    ) -> None:
        super().__init__()
        self.masked = masked
        self.embedding = nn.Embedding(n_symbols, channels)
        self.convs = nn.ModuleList(
            nn.Conv1d(channels, channels, kernel_size, padding=kernel_size // 2) for _ in range(n_layers)
        )
        self.norms = nn.ModuleList(nn.BatchNorm1d(channels) for _ in range(n_layers))
        self.dropout = nn.Dropout(dropout)
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

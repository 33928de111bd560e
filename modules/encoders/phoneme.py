"""Phoneme encoder: tokens to a hidden sequence and a prior (VITS, arXiv 2106.06103, section 2.5.2)."""

from __future__ import annotations

import math

from torch import Tensor, nn

from hiervox.modules.transformers.relative import RelativeTransformer


class PhonemeEncoder(nn.Module):
    """Embedding, transformer, projection.

    Args:
        n_symbols: size of the phoneme table.
        channels: of the hidden sequence.
        out_channels: of the prior.
        filter_channels, n_heads, n_layers, kernel_size, dropout: of the transformer.
    """

    def __init__(
        self,
        n_symbols: int,
        channels: int,
        out_channels: int,
        filter_channels: int,
        n_heads: int,
        n_layers: int,
        kernel_size: int,
        dropout: float,
    ) -> None:
        super().__init__()
        self.scale = math.sqrt(channels)
        self.embedding = nn.Embedding(n_symbols, channels)
        nn.init.normal_(self.embedding.weight, 0.0, channels**-0.5)
        self.transformer = RelativeTransformer(
            channels, filter_channels, n_heads, n_layers, kernel_size, dropout
        )
        self.projection = nn.Conv1d(channels, 2 * out_channels, 1)

    def forward(self, tokens: Tensor, mask: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Encode.

        Args:
            tokens: (B, L).
            mask: (B, 1, L).

        Returns:
            hidden (B, channels, L), prior mean and log standard deviation (B, out_channels, L).
        """
        hidden = self.transformer(self.embedding(tokens).transpose(1, 2) * self.scale, mask)
        mean, log_std = (self.projection(hidden) * mask).chunk(2, dim=1)
        return hidden, mean, log_std

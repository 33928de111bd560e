"""Text encoder: phonemes, and a voice, to a prior (HierSpeech++, arXiv 2311.12454, section 3.3)."""

from __future__ import annotations

import math

from pydantic import Field, PositiveInt
from torch import Tensor, nn

from hiervox.modules.transformers.relative import RelativeTransformer, TransformerSizes


class TextEncoderSizes(TransformerSizes):
    """Each of the two transformers of the text encoder; defaults are the published ones."""

    filter_channels: PositiveInt = 1024
    n_heads: PositiveInt = 4
    n_layers: PositiveInt = 3
    kernel_size: PositiveInt = 9
    dropout: float = Field(0.2, ge=0, lt=1)


class TextEncoder(nn.Module):
    """Two transformers, the style added between them.

    Args:
        sizes: of each transformer.
        n_symbols: size of the phoneme table.
        channels: of the hidden sequence.
        out_channels: of the prior's mean.
        style_channels: of the style vector.
    """

    def __init__(
        self,
        sizes: TextEncoderSizes,
        *,
        n_symbols: int,
        channels: int,
        out_channels: int,
        style_channels: int,
    ) -> None:
        super().__init__()
        self.scale = math.sqrt(channels)
        self.embedding = nn.Embedding(n_symbols, channels)
        nn.init.normal_(self.embedding.weight, 0.0, channels**-0.5)
        self.phonetic = RelativeTransformer(channels, sizes)
        self.style_projection = nn.Conv1d(style_channels, channels, 1)
        self.styled = RelativeTransformer(channels, sizes)
        self.projection = nn.Conv1d(channels, 2 * out_channels, 1)

    def forward(self, tokens: Tensor, mask: Tensor, style: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Encode tokens.

        Args:
            tokens: (B, L).
            mask: (B, 1, L).
            style: (B, style_channels, 1).

        Returns:
            hidden (B, channels, L), prior mean and log standard deviation (B, out_channels, L).
        """
        hidden = self.phonetic(self.embedding(tokens).transpose(1, 2) * self.scale, mask)
        hidden = self.styled(hidden + self.style_projection(style), mask)
        mean, log_std = (self.projection(hidden) * mask).chunk(2, dim=1)
        return hidden, mean, log_std

"""The text encoder (Matcha-TTS, arXiv 2309.03199, section 2.2): Glow-TTS's, with rotary positions."""

from __future__ import annotations

import math

import torch
from pydantic import Field
from torch import Tensor, nn

from hiervox.modules.attention.multi_head import MASKED_SCORE, MultiHeadAttention
from hiervox.modules.attention.rotary import Rotation
from hiervox.modules.encoders.prenet import ConvolutionalPrenet
from hiervox.modules.transformers.relative import ConvFeedForward, PostNormTransformer, TransformerSizes

NORM_EPS = 1e-4  # of the published layer norms
ROTARY_SHARE = 2
"""One in so many channels of a head is rotated."""


class MatchaTextEncoderSizes(TransformerSizes):
    """Sizes of `MatchaTextEncoder`.

    Attributes:
        prenet_layers: convolutions before the transformer; 0 has none.
    """

    prenet_layers: int = Field(3, ge=0)


def rotate(x: Tensor) -> Tensor:
    """Rotate the first half of each head's channels by an angle that grows with the position.

    Channel i is paired with i + n / 2 of the n rotated ones.

    Args:
        x: (B, heads, T, C).

    Returns:
        (B, heads, T, C).
    """
    count = x.shape[-1] // ROTARY_SHARE
    first, second, rest = x.split([count // 2, count // 2, x.shape[-1] - count], dim=-1)
    return torch.cat([*Rotation.of(x.shape[-2], count, x).turned(first, second), rest], dim=-1)


class RotaryAttention(MultiHeadAttention):
    """Self-attention whose queries and keys are rotated by their positions.

    Args:
        channels: of input and output.
        n_heads: divides `channels`, each with a multiple of four channels.
        dropout: on the attention weights.
    """

    def forward(self, queries: Tensor, keys: Tensor, mask: Tensor | None = None) -> Tensor:
        """See `MultiHeadAttention.forward`."""
        query, key = rotate(self._split(self.query(queries))), rotate(self._split(self.key(keys)))
        scores = query @ key.mT / math.sqrt(self.head_channels)
        if mask is not None:
            scores = scores.masked_fill(mask.unsqueeze(1) == 0, MASKED_SCORE)
        attended = self.dropout(scores.softmax(dim=-1)) @ self._split(self.value(keys))
        return self.output(attended.mT.flatten(1, 2))


class MatchaTextEncoder(nn.Module):
    """Embedding, convolutions, transformer, projection to the mean spectrogram of each token.

    Args:
        sizes: see `MatchaTextEncoderSizes`.
        n_symbols: size of the phoneme table.
        channels: of the embedding.
        style_channels: of the style vector, which stands beside the embedding from the transformer on.
        out_channels: mel bins.
    """

    def __init__(
        self,
        sizes: MatchaTextEncoderSizes,
        *,
        n_symbols: int,
        channels: int,
        style_channels: int,
        out_channels: int,
    ) -> None:
        super().__init__()
        self.scale = math.sqrt(channels)
        self.hidden_channels = width = channels + style_channels
        self.embedding = nn.Embedding(n_symbols, channels)
        nn.init.normal_(self.embedding.weight, 0.0, channels**-0.5)
        self.prenet = (
            ConvolutionalPrenet(channels, sizes.prenet_layers, norm_eps=NORM_EPS)
            if sizes.prenet_layers
            else None
        )
        self.transformer = PostNormTransformer(
            (RotaryAttention(width, sizes.n_heads, sizes.dropout) for _ in range(sizes.n_layers)),
            (
                ConvFeedForward(
                    width,
                    sizes.filter_channels,
                    kernel_sizes=(sizes.kernel_size,) * 2,
                    dropout=sizes.dropout,
                )
                for _ in range(sizes.n_layers)
            ),
            channels=width,
            dropout=sizes.dropout,
            norm_eps=NORM_EPS,
        )
        self.projection = nn.Conv1d(width, out_channels, 1)

    def forward(self, tokens: Tensor, mask: Tensor, style: Tensor | None) -> tuple[Tensor, Tensor]:
        """Encode.

        Args:
            tokens: (B, L).
            mask: (B, 1, L).
            style: (B, style_channels, 1), or None for one speaker.

        Returns:
            hidden (B, channels + style_channels, L) and the mean log-mel (B, out_channels, L), masked.
        """
        hidden = self.embedding(tokens).mT * self.scale
        if self.prenet is not None:
            hidden = self.prenet(hidden, mask)
        if style is not None:
            hidden = torch.cat([hidden, style.expand(-1, -1, hidden.shape[2])], dim=1)
        hidden = self.transformer(hidden, mask)
        return hidden, self.projection(hidden) * mask

"""Post-norm transformer encoders over (B, C, T); the one with relative positions is VITS'."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import Field, PositiveInt
from torch import Tensor, nn

from hiervox.modules.attention.multi_head import MultiHeadAttention
from hiervox.modules.normalization.layer_norm import ChannelLayerNorm
from hiervox.utils.schema import Sizes

WINDOW_SIZE = 4
"""Largest distance with its own position embedding: the published Glow-TTS and VITS code."""


class ConvFeedForward(nn.Module):
    """Convolution, ReLU, convolution."""

    def __init__(
        self,
        channels: int,
        filter_channels: int,
        kernel_sizes: tuple[int, int],
        dropout: float,
    ) -> None:
        super().__init__()
        first, second = kernel_sizes
        self.expand = nn.Conv1d(channels, filter_channels, first, padding=first // 2)
        self.contract = nn.Conv1d(filter_channels, channels, second, padding=second // 2)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """(B, channels, T) with mask (B, 1, T) → (B, channels, T), masked."""
        hidden = self.dropout(self.expand(x * mask).relu())
        return self.contract(hidden * mask) * mask


class TransformerSizes(Sizes):
    """Sizes of the layers of `RelativeTransformer`; defaults are those of VITS and Glow-TTS.

    Attributes:
        filter_channels: inside the feed-forward layers.
        n_heads: attention heads.
        n_layers: number of layers.
        kernel_size: of the feed-forward convolutions, odd.
        dropout: on attention weights, feed-forward activations and both residual branches.
    """

    filter_channels: PositiveInt = 768
    n_heads: PositiveInt = 2
    n_layers: PositiveInt = 6
    kernel_size: PositiveInt = 3
    dropout: float = Field(0.1, ge=0, lt=1)


class PostNormTransformer(nn.Module):
    """Layers of attention and feed-forward, each behind a residual branch and before a norm.

    Args:
        attentions, feed_forwards: one of each for every layer.
        channels: of input and output.
        dropout: on both residual branches.
        norm_eps: of the layer norms.
    """

    def __init__(
        self,
        attentions: Iterable[MultiHeadAttention],
        feed_forwards: Iterable[ConvFeedForward],
        *,
        channels: int,
        dropout: float,
        norm_eps: float = 1e-5,
    ) -> None:
        super().__init__()
        self.dropout = nn.Dropout(dropout)
        self.attentions = nn.ModuleList(attentions)
        self.attention_norms = nn.ModuleList(ChannelLayerNorm(channels, norm_eps) for _ in self.attentions)
        self.feed_forwards = nn.ModuleList(feed_forwards)
        self.feed_forward_norms = nn.ModuleList(ChannelLayerNorm(channels, norm_eps) for _ in self.attentions)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """(B, channels, T) with mask (B, 1, T) → (B, channels, T), masked."""
        x = x * mask
        for attention, attention_norm, feed_forward, feed_forward_norm in zip(
            self.attentions, self.attention_norms, self.feed_forwards, self.feed_forward_norms, strict=True
        ):
            x = attention_norm(x + self.dropout(attention(x, x, mask)))
            x = feed_forward_norm(x + self.dropout(feed_forward(x, mask)))
        return x * mask


class RelativeTransformer(PostNormTransformer):
    """The one whose attention knows how far apart positions are.

    Args:
        channels: of input and output.
        sizes: see `TransformerSizes`.
        norm_eps: of the layer norms.
    """

    def __init__(self, channels: int, sizes: TransformerSizes, *, norm_eps: float = 1e-5) -> None:
        layers, dropout = range(sizes.n_layers), sizes.dropout
        super().__init__(
            (MultiHeadAttention(channels, sizes.n_heads, dropout, window_size=WINDOW_SIZE) for _ in layers),
            (
                ConvFeedForward(channels, sizes.filter_channels, (sizes.kernel_size,) * 2, dropout=dropout)
                for _ in layers
            ),
            channels=channels,
            dropout=dropout,
            norm_eps=norm_eps,
        )

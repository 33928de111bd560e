"""The feed-forward transformer (FastSpeech, arXiv 1905.09263, section 3.1)."""

from __future__ import annotations

import torch
from pydantic import Field, PositiveInt
from torch import Tensor, nn

from hiervox.modules.attention.multi_head import MultiHeadAttention
from hiervox.modules.encoders.sine_position import sine_table
from hiervox.modules.transformers.relative import ConvFeedForward, PostNormTransformer
from hiervox.utils.schema import Sizes


class FeedForwardTransformerSizes(Sizes):
    """Sizes of a stack of feed-forward transformer blocks.

    Attributes:
        n_layers, n_heads, filter_channels: of the blocks.
        kernel_sizes: of a block's two convolutions, odd.
        dropout: on the residual branches.
    """

    n_layers: PositiveInt = 4
    n_heads: PositiveInt = 2
    filter_channels: PositiveInt = 1024
    kernel_sizes: tuple[PositiveInt, PositiveInt] = (9, 1)
    dropout: float = Field(0.2, ge=0, lt=1)


class FeedForwardTransformer(nn.Module):
    """A stack of feed-forward transformer blocks, of any length.

    Args:
        channels: of input and output, even.
        sizes: see `FeedForwardTransformerSizes`.
    """

    def __init__(self, channels: int, sizes: FeedForwardTransformerSizes) -> None:
        super().__init__()
        layers = range(sizes.n_layers)
        self.blocks = PostNormTransformer(
            (MultiHeadAttention(channels, sizes.n_heads) for _ in layers),
            (
                ConvFeedForward(channels, sizes.filter_channels, sizes.kernel_sizes, dropout=0.0)
                for _ in layers
            ),
            channels=channels,
            dropout=sizes.dropout,
        )

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """(B, channels, T) with mask (B, 1, T) → (B, channels, T), masked."""
        positions = torch.arange(x.shape[2], device=x.device)
        result: Tensor = self.blocks(x + sine_table(positions, x.shape[1]).to(x.dtype).T, mask)
        return result

"""Self-attention with rotary positions, and feed-forward layers, as both backbones have them."""

from __future__ import annotations

import torch
from pydantic import Field, PositiveInt, model_validator
from torch import Tensor, nn
from torch.nn import functional

from hiervox.modules.attention.rotary import Rotation
from hiervox.utils.schema import Sizes

NORM_EPSILON = 1e-6


class BackboneSizes(Sizes):
    """Sizes of a transformer.

    Attributes:
        channels: of input and output.
        n_layers: of attention and feed-forward layer.
        n_heads, head_channels: of the attention.
        filter_channels: of the feed-forward layers.
        dropout: behind attention and within feed-forward layers.
        rotated_heads: so many heads know positions; None for all. The first published F5-TTS rotates one.
        query_key_norm: whether queries and keys are normalised.
        masks_attention: whether padding is left out of the attention. The published models attend to it, so
            that a clip depends on those that it was batched with.
    """

    channels: PositiveInt = 1024
    n_layers: PositiveInt = 22
    n_heads: PositiveInt = 16
    head_channels: PositiveInt = Field(64, multiple_of=2)
    filter_channels: PositiveInt = 2048
    dropout: float = Field(0.1, ge=0, lt=1)
    rotated_heads: PositiveInt | None = None
    query_key_norm: bool = False
    masks_attention: bool = True

    @model_validator(mode="after")
    def _heads_are_there(self) -> BackboneSizes:
        if (self.rotated_heads or 0) > self.n_heads:
            raise ValueError(f"rotated_heads is over n_heads, {self.n_heads}")
        return self


def rotate(x: Tensor, rotation: Rotation, heads: int) -> Tensor:
    """Queries or keys (B, heads, T, C), of which the first `heads` are turned, each pair of channels."""
    first, second = x[:, :heads].unflatten(3, (-1, 2)).unbind(4)
    turned = torch.stack(rotation.turned(first, second), dim=4).flatten(3)
    return turned if heads == x.shape[1] else torch.cat([turned, x[:, heads:]], dim=1)


class RotarySelfAttention(nn.Module):
    """Self-attention whose queries and keys are turned by their positions.

    Args:
        sizes: see `BackboneSizes`.
    """

    def __init__(self, sizes: BackboneSizes) -> None:
        super().__init__()
        self.sizes = sizes
        inner = sizes.n_heads * sizes.head_channels
        self.query_key_value = nn.Linear(sizes.channels, 3 * inner)
        if sizes.query_key_norm:
            self.query_norm, self.key_norm = (
                nn.RMSNorm(sizes.head_channels, eps=NORM_EPSILON) for _ in range(2)
            )
        self.projection = nn.Linear(inner, sizes.channels)
        self.dropout = nn.Dropout(sizes.dropout)

    def forward(self, x: Tensor, rotation: Rotation, mask: Tensor | None) -> Tensor:
        """(B, T, C), and a mask (B, T), True at real positions, or None → (B, T, C), zero at padding."""
        sizes = self.sizes
        query, key, value = (
            part.unflatten(2, (sizes.n_heads, -1)).transpose(1, 2)
            for part in self.query_key_value(x).chunk(3, dim=2)
        )
        if sizes.query_key_norm:
            query, key = self.query_norm(query), self.key_norm(key)
        query, key = (rotate(each, rotation, sizes.rotated_heads or sizes.n_heads) for each in (query, key))
        seen = mask[:, None, None] if mask is not None and sizes.masks_attention else None
        attended = functional.scaled_dot_product_attention(query, key, value, seen)
        result: Tensor = self.dropout(self.projection(attended.transpose(1, 2).flatten(2)))
        return result if mask is None else result.masked_fill(~mask.unsqueeze(2), 0)


class FeedForward(nn.Module):
    """Two layers with an approximated GELU between.

    Args:
        sizes: see `BackboneSizes`.
    """

    def __init__(self, sizes: BackboneSizes) -> None:
        super().__init__()
        self.expand = nn.Linear(sizes.channels, sizes.filter_channels)
        self.dropout = nn.Dropout(sizes.dropout)
        self.contract = nn.Linear(sizes.filter_channels, sizes.channels)

    def forward(self, x: Tensor) -> Tensor:
        """(B, T, C) → (B, T, C)."""
        result: Tensor = self.contract(self.dropout(functional.gelu(self.expand(x), approximate="tanh")))
        return result

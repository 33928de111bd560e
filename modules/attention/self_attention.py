"""Self-attention over (B, T, C) with a cache of keys and values."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class KeyValueCache:
    """Keys and values (B, heads, T, C / heads) of one layer, which grow with each call."""

    def __init__(self) -> None:
        self.keys: Tensor | None = None
        self.values: Tensor | None = None

    def append(self, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """Add those of new positions; returns all of them."""
        if self.keys is not None and self.values is not None:
            keys = torch.cat([self.keys, keys], dim=2)
            values = torch.cat([self.values, values], dim=2)
        self.keys, self.values = keys, values
        return keys, values


class SelfAttention(nn.Module):
    """Scaled dot-product self-attention, one projection for queries, keys and values.

    Args:
        channels: of input and output.
        n_heads: divides `channels`.
        dropout: on the attention weights.
    """

    def __init__(self, channels: int, n_heads: int, dropout: float = 0.0) -> None:
        super().__init__()
        if channels % n_heads:
            raise ValueError(f"{channels} channels can't be shared by {n_heads} heads")
        self.n_heads = n_heads
        self.dropout = dropout
        self.query_key_value = nn.Linear(channels, 3 * channels)
        self.projection = nn.Linear(channels, channels)

    def forward(self, x: Tensor, mask: Tensor | None = None, cache: KeyValueCache | None = None) -> Tensor:
        """Attend.

        Args:
            x: (B, T, channels).
            mask: (1 or B, 1, T, S), True where a query may see a key, S counting what is cached; every query
                sees at least one. None where all see all.
            cache: of earlier positions; those of `x` are added.

        Returns:
            (B, T, channels).
        """
        query, key, value = (
            part.unflatten(2, (self.n_heads, -1)).transpose(1, 2)
            for part in self.query_key_value(x).chunk(3, dim=-1)
        )
        if cache is not None:
            key, value = cache.append(key, value)
        dropout = self.dropout if self.training else 0.0
        attended = F.scaled_dot_product_attention(query, key, value, mask, dropout)
        result: Tensor = self.projection(attended.transpose(1, 2).flatten(2))
        return result

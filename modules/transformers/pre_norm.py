"""Pre-norm transformer over (B, T, C), its norms optionally conditioned, with caches for decoding."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from hiervox.modules.attention.self_attention import KeyValueCache, SelfAttention
from hiervox.modules.normalization.adaptive import AdaptiveLayerNorm


class PreNormLayer(nn.Module):
    """Self-attention and a ReLU feed-forward network, each behind a norm and beside a residual path.

    Args:
        channels, n_heads, dropout: of the attention.
        filter_channels: inside the feed-forward network.
        condition_channels: of the condition of the norms; 0 for plain layer norms.
    """

    def __init__(
        self, channels: int, filter_channels: int, n_heads: int, dropout: float, condition_channels: int = 0
    ) -> None:
        super().__init__()
        self.attention_norm = _norm(channels, condition_channels)
        self.attention = SelfAttention(channels, n_heads, dropout)
        self.feed_forward_norm = _norm(channels, condition_channels)
        self.expand = nn.Linear(channels, filter_channels)
        self.contract = nn.Linear(filter_channels, channels)
        self.dropout = nn.Dropout(dropout)

    def forward(
        self,
        x: Tensor,
        mask: Tensor | None = None,
        condition: Tensor | None = None,
        cache: KeyValueCache | None = None,
    ) -> Tensor:
        """The arguments of `PreNormTransformer.forward`; `cache` is this layer's."""
        attended = self.attention(_normed(self.attention_norm, x, condition), mask, cache)
        x = x + self.dropout(attended)
        hidden = self.dropout(self.expand(_normed(self.feed_forward_norm, x, condition)).relu())
        result: Tensor = x + self.dropout(self.contract(hidden))
        return result


class PreNormTransformer(nn.Module):
    """Layers and a last norm.

    Args:
        channels: of input and output.
        filter_channels, n_heads, dropout, condition_channels: of each layer.
        n_layers: number of layers.
    """

    def __init__(
        self,
        channels: int,
        filter_channels: int,
        n_heads: int,
        n_layers: int,
        dropout: float,
        condition_channels: int = 0,
    ) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            PreNormLayer(channels, filter_channels, n_heads, dropout, condition_channels)
            for _ in range(n_layers)
        )
        self.norm = _norm(channels, condition_channels)

    def new_caches(self) -> list[KeyValueCache]:
        """One empty cache for each layer."""
        return [KeyValueCache() for _ in self.layers]

    def forward(
        self,
        x: Tensor,
        mask: Tensor | None = None,
        condition: Tensor | None = None,
        caches: Sequence[KeyValueCache] | None = None,
    ) -> Tensor:
        """Run the stack.

        Args:
            x: (B, T, channels), without the positions that are in `caches`.
            mask: see `SelfAttention.forward`.
            condition: (1 or B, 1, condition_channels).
            caches: from `new_caches`; those of `x` are added.

        Returns:
            (B, T, channels).
        """
        for number, layer in enumerate(self.layers):
            x = layer(x, mask, condition, None if caches is None else caches[number])
        return _normed(self.norm, x, condition)


def _norm(channels: int, condition_channels: int) -> nn.Module:
    return AdaptiveLayerNorm(channels, condition_channels) if condition_channels else nn.LayerNorm(channels)


def _normed(norm: nn.Module, x: Tensor, condition: Tensor | None) -> Tensor:
    normed: Tensor = norm(x) if condition is None else norm(x, condition)
    return normed

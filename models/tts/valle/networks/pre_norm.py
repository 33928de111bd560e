"""Pre-norm transformer over (B, T, C), its norms optionally conditioned, with caches for decoding."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import Field, PositiveInt
from torch import Tensor, nn

from hiervox.models.tts.valle.networks.adaptive_norm import AdaptiveLayerNorm
from hiervox.modules.attention.self_attention import KeyValueCache, SelfAttention
from hiervox.utils.schema import Sizes


class PreNormTransformerSizes(Sizes):
    """Sizes of the layers; defaults are those of VALL-E (arXiv 2301.02111, section 5.1).

    Attributes:
        channels: of input and output, a multiple of `n_heads`.
        filter_channels: inside the feed-forward networks.
        n_heads: of the attention.
        n_layers: number of layers.
        dropout: on attention weights, feed-forward activations and residual branches.
    """

    channels: PositiveInt = 1024
    filter_channels: PositiveInt = 4096
    n_heads: PositiveInt = 16
    n_layers: PositiveInt = 12
    dropout: float = Field(0.1, ge=0, lt=1)


class PreNormLayer(nn.Module):
    """Self-attention and a ReLU feed-forward network, each behind a norm and beside a residual path.

    Args:
        sizes: see `PreNormTransformerSizes`.
        condition_channels: of the condition of the norms; 0 for plain layer norms.
    """

    def __init__(self, sizes: PreNormTransformerSizes, *, condition_channels: int = 0) -> None:
        super().__init__()
        channels, filter_channels = sizes.channels, sizes.filter_channels
        self.attention_norm = _norm(channels, condition_channels)
        self.attention = SelfAttention(channels, sizes.n_heads, sizes.dropout)
        self.feed_forward_norm = _norm(channels, condition_channels)
        self.expand = nn.Linear(channels, filter_channels)
        self.contract = nn.Linear(filter_channels, channels)
        self.dropout = nn.Dropout(sizes.dropout)

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
        sizes: see `PreNormTransformerSizes`.
        condition_channels: of the condition of the norms; 0 for plain layer norms.
    """

    def __init__(self, sizes: PreNormTransformerSizes, *, condition_channels: int = 0) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            PreNormLayer(sizes, condition_channels=condition_channels) for _ in range(sizes.n_layers)
        )
        self.norm = _norm(sizes.channels, condition_channels)

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

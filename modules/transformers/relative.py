"""Transformer encoder with relative positions and convolutional feed-forward, as in VITS' text encoder."""

from __future__ import annotations

from torch import Tensor, nn

from hiervox.modules.attention.multi_head import MultiHeadAttention
from hiervox.modules.normalization.layer_norm import ChannelLayerNorm


class ConvFeedForward(nn.Module):
    """Convolution, ReLU, convolution; the second has the first's kernel size where it is given none."""

    def __init__(
        self,
        channels: int,
        filter_channels: int,
        kernel_size: int,
        dropout: float,
        contract_kernel_size: int | None = None,
    ) -> None:
        super().__init__()
        second = contract_kernel_size or kernel_size
        self.expand = nn.Conv1d(channels, filter_channels, kernel_size, padding=kernel_size // 2)
        self.contract = nn.Conv1d(filter_channels, channels, second, padding=second // 2)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """(B, channels, T) with mask (B, 1, T) → (B, channels, T), masked."""
        hidden = self.dropout(self.expand(x * mask).relu())
        return self.contract(hidden * mask) * mask


class RelativeTransformer(nn.Module):
    """Post-norm transformer encoder.

    Args:
        channels: of input and output.
        filter_channels: inside the feed-forward layers.
        n_heads: attention heads.
        n_layers: number of layers.
        kernel_size: of the feed-forward convolutions, odd.
        dropout: on attention weights, feed-forward activations and both residual branches.
        window_size: largest distance with its own position embedding; None for no relative positions.
        contract_kernel_size: of the second feed-forward convolution; None for `kernel_size`.
        inner_dropout: on attention weights and feed-forward activations, where it is not `dropout`.
        norm_eps: of the layer norms.
    """

    def __init__(
        self,
        channels: int,
        filter_channels: int,
        n_heads: int,
        n_layers: int,
        kernel_size: int,
        dropout: float,
        window_size: int | None = 4,
        contract_kernel_size: int | None = None,
        inner_dropout: float | None = None,
        norm_eps: float = 1e-5,
    ) -> None:
        super().__init__()
        inner = dropout if inner_dropout is None else inner_dropout
        self.dropout = nn.Dropout(dropout)
        self.attentions = nn.ModuleList(
            MultiHeadAttention(channels, channels, n_heads, inner, window_size) for _ in range(n_layers)
        )
        self.attention_norms = nn.ModuleList(ChannelLayerNorm(channels, norm_eps) for _ in range(n_layers))
        self.feed_forwards = nn.ModuleList(
            ConvFeedForward(channels, filter_channels, kernel_size, inner, contract_kernel_size)
            for _ in range(n_layers)
        )
        self.feed_forward_norms = nn.ModuleList(ChannelLayerNorm(channels, norm_eps) for _ in range(n_layers))

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """(B, channels, T) with mask (B, 1, T) → (B, channels, T), masked."""
        x = x * mask
        for attention, attention_norm, feed_forward, feed_forward_norm in zip(
            self.attentions, self.attention_norms, self.feed_forwards, self.feed_forward_norms, strict=True
        ):
            x = attention_norm(x + self.dropout(attention(x, x, mask)))
            x = feed_forward_norm(x + self.dropout(feed_forward(x, mask)))
        return x * mask

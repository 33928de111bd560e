"""Conformer blocks (arXiv 2005.08100) over maps of time and frequency."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from hiervox.modules.attention.self_attention import KeyValueCache, SelfAttention


class FeedForward(nn.Sequential):
    """Layer norm, a SiLU layer four times as wide, and back; (..., C) → (..., C)."""

    def __init__(self, channels: int, dropout: float) -> None:
        super().__init__(
            nn.LayerNorm(channels),
            nn.Linear(channels, 4 * channels),
            nn.SiLU(),
            nn.Dropout(dropout),
            nn.Linear(4 * channels, channels),
            nn.Dropout(dropout),
        )


class NormalizedSelfAttention(SelfAttention):
    """Layer norm and multi-head self-attention without positions; memory grows linearly with the length."""

    def __init__(self, channels: int, n_heads: int, dropout: float) -> None:
        super().__init__(channels, n_heads, dropout)
        self.norm = nn.LayerNorm(channels)

    def forward(self, x: Tensor, mask: Tensor | None = None, cache: KeyValueCache | None = None) -> Tensor:
        """(B, L, C) → (B, L, C); the arguments are those of `SelfAttention.forward`."""
        return super().forward(self.norm(x), mask, cache)


class ConvolutionModule(nn.Module):
    """Layer norm, a gate, a depthwise convolution with batch norm and SiLU, and back to the channels."""

    def __init__(self, channels: int, kernel_size: int) -> None:
        super().__init__()
        inner_channels = 2 * channels
        self.norm = nn.LayerNorm(channels)
        self.gate = nn.Linear(channels, 2 * inner_channels)
        self.depthwise = nn.Conv1d(
            inner_channels, inner_channels, kernel_size, padding="same", groups=inner_channels
        )
        self.batch_norm = nn.BatchNorm1d(inner_channels)
        self.output = nn.Linear(inner_channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        """Convolve along the last axis but one of (B, L, C)."""
        gated = functional.glu(self.gate(self.norm(x))).mT
        mixed = functional.silu(self.batch_norm(self.depthwise(gated))).mT
        convolved: Tensor = self.output(mixed)
        return convolved


class GridConformer(nn.Module):
    """A Conformer block that attends along one axis of a grid and convolves along the other.

    Args:
        channels: of input and output.
        n_heads: divides `channels`.
        kernel_size: of the depthwise convolution; odd.
        dropout: in the feed-forward layers and on the attention weights.
    """

    def __init__(self, channels: int, n_heads: int, kernel_size: int = 31, dropout: float = 0.2) -> None:
        super().__init__()
        self.first_feed_forward = FeedForward(channels, dropout)
        self.attention = NormalizedSelfAttention(channels, n_heads, dropout)
        self.convolution = ConvolutionModule(channels, kernel_size)
        self.last_feed_forward = FeedForward(channels, dropout)
        self.norm = nn.LayerNorm(channels)

    def forward(self, x: Tensor) -> Tensor:
        """(B, M, N, C): attends along M and convolves along N; same shape."""
        return self.convolve(self.attend(x.transpose(1, 2)).transpose(1, 2))

    def attend(self, x: Tensor) -> Tensor:
        """Attention and what is before it: (B, n, M, C), any part of N, same shape."""
        x = x + 0.5 * self.first_feed_forward(x)
        return x + self.attention(x.flatten(0, 1)).unflatten(0, x.shape[:2])

    def convolve(self, x: Tensor) -> Tensor:
        """The convolution and what is behind it: (B, m, N, C), any part of M, same shape."""
        x = x + self.convolution(x.flatten(0, 1)).unflatten(0, x.shape[:2])
        x = x + 0.5 * self.last_feed_forward(x)
        normalized: Tensor = self.norm(x)
        return normalized

"""Conformer blocks (arXiv 2005.08100, section 2), which the U-Net may have in place of transformer blocks."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

FARTHEST = 512
"""Distance from which on relative positions have one embedding: the published code's library."""
KERNEL_SIZE = 31
CONVOLUTION_EXPANSION = 2


class HalfStepFeedForward(nn.Module):
    """Pre-norm feed-forward layer, half of which is added (equation 1).

    Args:
        channels: of input, output and the inside.
        dropout: on activations and the result.
    """

    def __init__(self, channels: int, dropout: float) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(channels)
        self.expand = nn.Linear(channels, channels)
        self.contract = nn.Linear(channels, channels)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """(B, N, channels) → (B, N, channels)."""
        hidden = self.dropout(functional.silu(self.expand(self.norm(x))))
        half: Tensor = x + 0.5 * self.dropout(self.contract(hidden))
        return half


class RelativeAttention(nn.Module):
    """Pre-norm self-attention whose scores know the distance (Shaw et al., arXiv 1803.02155, equation 4).

    Args:
        channels: of input and output.
        n_heads, head_channels: of the heads, which share the embeddings of distances.
        dropout: on the result.
    """

    def __init__(self, channels: int, n_heads: int, head_channels: int, dropout: float) -> None:
        super().__init__()
        self.n_heads, width = n_heads, n_heads * head_channels
        self.norm = nn.LayerNorm(channels)
        self.query = nn.Linear(channels, width, bias=False)
        self.key_value = nn.Linear(channels, 2 * width, bias=False)
        self.output = nn.Linear(width, channels)
        self.distances = nn.Embedding(2 * FARTHEST + 1, head_channels)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, bias: Tensor) -> Tensor:
        """(B, N, channels) and what is added to the scores, (B, 1, N, N) → (B, N, channels)."""
        normed = self.norm(x)
        key, value = self.key_value(normed).chunk(2, dim=-1)
        query, key, value = (
            each.unflatten(2, (self.n_heads, -1)).transpose(1, 2) for each in (self.query(normed), key, value)
        )
        places = torch.arange(x.shape[1], device=x.device)
        between = (places[:, None] - places).clamp(-FARTHEST, FARTHEST) + FARTHEST
        scale = query.shape[-1] ** -0.5
        by_distance = torch.einsum("bhnd,nrd->bhnr", query, self.distances(between)) * scale
        attended = functional.scaled_dot_product_attention(query, key, value, by_distance + bias)
        result: Tensor = x + self.dropout(self.output(attended.transpose(1, 2).flatten(2)))
        return result


class ConvolutionModule(nn.Module):
    """Pre-norm gated pointwise, depthwise and pointwise convolutions (section 2.2).

    Args:
        channels: of input and output.
        dropout: on the result.
    """

    def __init__(self, channels: int, dropout: float) -> None:
        super().__init__()
        width = CONVOLUTION_EXPANSION * channels
        self.norm = nn.LayerNorm(channels)
        self.expand = nn.Conv1d(channels, 2 * width, 1)
        self.depthwise = nn.Conv1d(width, width, KERNEL_SIZE, padding=KERNEL_SIZE // 2, groups=width)
        self.batch_norm = nn.BatchNorm1d(width)
        self.contract = nn.Conv1d(width, channels, 1)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """(B, N, channels) → (B, N, channels)."""
        hidden = functional.glu(self.expand(self.norm(x).mT), dim=1)
        hidden = functional.silu(self.batch_norm(self.depthwise(hidden)))
        result: Tensor = x + self.dropout(self.contract(hidden).mT)
        return result


class ConformerBlock(nn.Module):
    """Attention and convolutions between two halves of a feed-forward layer.

    Args:
        channels: of input and output.
        n_heads, head_channels: of the attention.
        dropout: everywhere.
    """

    def __init__(self, channels: int, n_heads: int, head_channels: int, dropout: float) -> None:
        super().__init__()
        self.first = HalfStepFeedForward(channels, dropout)
        self.attention = RelativeAttention(channels, n_heads, head_channels, dropout)
        self.convolution = ConvolutionModule(channels, dropout)
        self.second = HalfStepFeedForward(channels, dropout)
        self.norm = nn.LayerNorm(channels)

    def forward(self, x: Tensor, bias: Tensor) -> Tensor:
        """(B, channels, N) and what is added to the scores, (B, 1, N, N) → (B, channels, N)."""
        hidden = self.attention(self.first(x.mT), bias)
        result: Tensor = self.norm(self.second(self.convolution(hidden)))
        return result.mT

"""Predictors of durations and of pitch that attend to a prompt (arXiv 2304.09116, section 3.3)."""

from __future__ import annotations

import math

import torch
from pydantic import Field, PositiveInt
from torch import Tensor, nn
from torch.nn import functional as F

from hiervox.utils.schema import Sizes

ATTENTION_DROPOUT = 0.2  # Amphion


class PromptedPredictorSizes(Sizes):
    """Sizes of `PromptedPredictor`; defaults are the paper's.

    Attributes:
        n_layers: convolutions.
        kernel_size: of each, odd.
        n_heads: of the attention.
        attention_every: layers from one attention to the next.
        dropout: behind each convolution.
    """

    n_layers: PositiveInt = 30
    kernel_size: PositiveInt = 3
    n_heads: PositiveInt = 8
    attention_every: PositiveInt = 3
    dropout: float = Field(0.5, ge=0, lt=1)


class PromptAttention(nn.Module):
    """Layer norm, attention to a prompt; what goes in is added.

    Args:
        channels: C.
        n_heads: of the attention.
    """

    def __init__(self, channels: int, n_heads: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(channels)
        self.attention = nn.MultiheadAttention(channels, n_heads, batch_first=True)
        self.dropout = nn.Dropout(ATTENTION_DROPOUT)

    def forward(self, x: Tensor, prompt: Tensor, prompt_mask: Tensor) -> Tensor:
        """(B, C, T), prompt (B, C, P) and its mask (B, 1, P) → (B, C, T)."""
        queries, keys = self.norm(x.transpose(1, 2)), prompt.transpose(1, 2)
        padding = prompt_mask.squeeze(1) == 0
        heard, _ = self.attention(queries, keys, keys, key_padding_mask=padding, need_weights=False)
        result: Tensor = (x + self.dropout(heard).transpose(1, 2)) / math.sqrt(2)
        return result


class PromptedPredictor(nn.Module):
    """Convolutions, each with a rectifier and a layer norm, and attention to the prompt between.

    Args:
        channels: C.
        sizes: see `PromptedPredictorSizes`.
    """

    def __init__(self, channels: int, sizes: PromptedPredictorSizes) -> None:
        super().__init__()
        self.every = sizes.attention_every
        padding = sizes.kernel_size // 2
        self.convolutions = nn.ModuleList(
            nn.Conv1d(channels, channels, sizes.kernel_size, padding=padding) for _ in range(sizes.n_layers)
        )
        self.norms = nn.ModuleList(nn.LayerNorm(channels) for _ in range(sizes.n_layers))
        self.attentions = nn.ModuleList(
            PromptAttention(channels, sizes.n_heads) for _ in range(math.ceil(sizes.n_layers / self.every))
        )
        self.dropout = nn.Dropout(sizes.dropout)
        self.output = nn.Linear(channels, 1)

    def forward(self, x: Tensor, mask: Tensor, prompt: Tensor, prompt_mask: Tensor) -> Tensor:
        """(B, C, T) and its mask (B, 1, T), prompt (B, C, P) and its mask (B, 1, P) → (B, T)."""
        for number, (convolution, norm) in enumerate(zip(self.convolutions, self.norms, strict=True)):
            before = x if number else torch.zeros_like(x)
            if number % self.every == 0:
                x = self.attentions[number // self.every](x, prompt, prompt_mask)
            activated = F.relu(convolution(self.masked(x, mask)))
            x = self.masked(before + self.dropout(norm(activated.transpose(1, 2)).transpose(1, 2)), mask)
        values: Tensor = self.output(x.transpose(1, 2)).squeeze(2)
        return values

    def masked(self, x: Tensor, mask: Tensor) -> Tensor:
        """(B, C, T) with zeros in padding; the published code leaves what attention adds there."""
        return x * mask

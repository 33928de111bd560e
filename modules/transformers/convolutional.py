"""Pre-norm transformer with convolutions between, and norms that a voice may set (NaturalSpeech 2 and 3)."""

from __future__ import annotations

from typing import Literal

import torch
from pydantic import Field, PositiveInt
from torch import Tensor, nn
from torch.nn import functional as F

from hiervox.modules.encoders.sine_position import sine_table
from hiervox.utils.schema import Sizes


class TransformerSizes(Sizes):
    """Sizes of a stack; defaults are the published ones.

    Attributes:
        n_layers, n_heads: of the stack, of its attention.
        filter_channels, kernel_size: between the two convolutions after the attention, of the first of them.
        dropout: on positions, attention and between the convolutions.
        positions: `time` adds the sines of a frame's place. The published code looks its table up by an
            item's place in the batch instead, so that published weights have learned with (0, 1, 0, 1, …) at
            every frame, the first row, and want it: `constant`.
    """

    n_layers: PositiveInt = 4
    n_heads: PositiveInt = 4
    filter_channels: PositiveInt = 1024
    kernel_size: PositiveInt = 5
    dropout: float = Field(0.1, ge=0, lt=1)
    positions: Literal["time", "constant"] = "time"


class StyleNorm(nn.Module):
    """Layer norm whose scale and shift a voice sets (AdaSpeech, arXiv 2103.00993, section 2.3).

    Args:
        channels: C of what is normalised and of the voice.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.style = nn.Linear(channels, 2 * channels)
        with torch.no_grad():
            self.style.bias.copy_(torch.cat([torch.ones(channels), torch.zeros(channels)]))

    def forward(self, x: Tensor, voice: Tensor) -> Tensor:
        """(B, T, C), voice (B, C) → (B, T, C)."""
        scale, shift = self.style(voice).unsqueeze(1).chunk(2, dim=-1)
        result: Tensor = scale * F.layer_norm(x, x.shape[-1:]) + shift
        return result


class PlainNorm(nn.LayerNorm):
    """Layer norm that asks for no voice."""

    def forward(self, x: Tensor, voice: Tensor | None = None) -> Tensor:
        """(B, T, C) → (B, T, C)."""
        return super().forward(x)


class TransformerLayer(nn.Module):
    """Norm, self-attention, norm, two convolutions; what goes in is added after each pair.

    Args:
        channels: C.
        sizes: see `TransformerSizes`.
        styled: whether a voice sets the norms.
    """

    def __init__(self, channels: int, sizes: TransformerSizes, styled: bool) -> None:
        super().__init__()
        norm = StyleNorm if styled else PlainNorm
        self.attention_norm, self.convolution_norm = norm(channels), norm(channels)
        self.attention = nn.MultiheadAttention(channels, sizes.n_heads, batch_first=True)
        self.widen = nn.Conv1d(
            channels, sizes.filter_channels, sizes.kernel_size, padding=sizes.kernel_size // 2
        )
        self.narrow = nn.Linear(sizes.filter_channels, channels)
        self.dropout = nn.Dropout(sizes.dropout)

    def forward(self, x: Tensor, voice: Tensor | None, mask: Tensor | None = None) -> Tensor:
        """(B, T, C), voice (B, C) where the norms ask for one, mask (B, 1, T) → (B, T, C)."""
        normed = self.attention_norm(x, voice)
        padding = None if mask is None else mask.squeeze(1) == 0
        attended, _ = self.attention(normed, normed, normed, key_padding_mask=padding, need_weights=False)
        x = x + self.dropout(attended)
        normed = self.masked(self.convolution_norm(x, voice).transpose(1, 2), mask)
        hidden = self.widen(normed).transpose(1, 2)
        result: Tensor = x + self.narrow(self.dropout(F.relu(hidden)))
        return result

    def masked(self, x: Tensor, mask: Tensor | None) -> Tensor:
        """What the convolution sees of (B, C, T): zeros in padding, which the published codes don't have."""
        return x if mask is None else x * mask


class Transformer(nn.Module):
    """Positions, layers, and a last norm.

    Args:
        channels: C, even.
        sizes: see `TransformerSizes`.
        styled: whether a voice sets the norms.
    """

    def __init__(self, channels: int, sizes: TransformerSizes, *, styled: bool = False) -> None:
        super().__init__()
        self.positions = sizes.positions
        self.dropout = nn.Dropout(sizes.dropout)
        self.layers = nn.ModuleList(TransformerLayer(channels, sizes, styled) for _ in range(sizes.n_layers))
        self.norm = StyleNorm(channels) if styled else PlainNorm(channels)

    def forward(self, x: Tensor, voice: Tensor | None = None, mask: Tensor | None = None) -> Tensor:
        """(B, C, T), voice (B, C) where the norms ask for one, mask (B, 1, T) → (B, C, T)."""
        x = x.transpose(1, 2)
        x = self.dropout(x + self.position_table(x))
        for layer in self.layers:
            x = layer(x, voice, mask)
        return self.norm(x, voice).transpose(1, 2)

    def position_table(self, x: Tensor) -> Tensor:
        """What is added to (B, T, C)."""
        frames = x.shape[1] if self.positions == "time" else 1
        return sine_table(torch.arange(frames, device=x.device), x.shape[2]).to(x.dtype)

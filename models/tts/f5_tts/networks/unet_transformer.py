"""E2 TTS' backbone: a transformer with U-Net skips (arXiv 2406.18009, section 2.2)."""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from hiervox.models.tts.f5_tts.networks.attention import (
    BackboneSizes,
    FeedForward,
    RotarySelfAttention,
)
from hiervox.modules.attention.rotary import Rotation

Skips = Literal["concatenated", "added", "none"]


class SphereNorm(nn.Module):
    """Vectors brought to the length √C, times a factor a channel (root mean square norm without epsilon).

    Args:
        channels: C.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.scale = math.sqrt(channels)
        self.gain = nn.Parameter(torch.ones(channels))

    def forward(self, x: Tensor) -> Tensor:
        """(..., C) → (..., C)."""
        return functional.normalize(x, dim=-1) * (self.scale * self.gain)


class UNetBlock(nn.Module):
    """Attention and feed-forward layer with norms before them.

    Args:
        sizes: see `BackboneSizes`.
        joins: whether a linear layer joins the input with that of an earlier block.
    """

    def __init__(self, sizes: BackboneSizes, joins: bool) -> None:
        super().__init__()
        self.join = nn.Linear(2 * sizes.channels, sizes.channels, bias=False) if joins else None
        self.attention_norm, self.feed_forward_norm = (SphereNorm(sizes.channels) for _ in range(2))
        self.attention = RotarySelfAttention(sizes)
        self.feed_forward = FeedForward(sizes)

    def forward(self, x: Tensor, skip: Tensor | None, rotation: Rotation, mask: Tensor | None) -> Tensor:
        """(B, T, C), and an earlier block's input or None → (B, T, C)."""
        if skip is not None:
            x = x + skip if self.join is None else self.join(torch.cat([x, skip], dim=2))
        x = x + self.attention(self.attention_norm(x), rotation, mask)
        result: Tensor = x + self.feed_forward(self.feed_forward_norm(x))
        return result


class UNetTransformer(nn.Module):
    """Blocks whose second half takes the inputs of the first, the last one the first one's.

    The time stands as one more position before the others.

    Args:
        sizes: see `BackboneSizes`; an even number of layers.
        skips: how an input is joined with a later one.
    """

    masks_input = False
    """The convolutions of the input read padding, as published."""

    def __init__(self, sizes: BackboneSizes, skips: Skips) -> None:
        super().__init__()
        self.head_channels, self.skips = sizes.head_channels, skips
        half = sizes.n_layers // 2
        self.blocks = nn.ModuleList(
            UNetBlock(sizes, joins=number >= half and skips == "concatenated")
            for number in range(sizes.n_layers)
        )
        self.norm = SphereNorm(sizes.channels)

    def forward(self, x: Tensor, time: Tensor, mask: Tensor | None) -> Tensor:
        """(B, T, C), time (B, C), mask (B, T) or None → (B, T, C)."""
        hidden = torch.cat([time.unsqueeze(1), x], dim=1)
        mask = None if mask is None else functional.pad(mask, (1, 0), value=True)
        rotation = Rotation.of(hidden.shape[1], self.head_channels, hidden)
        inputs: list[Tensor] = []
        for number, block in enumerate(self.blocks):
            skip = None
            if number < len(self.blocks) // 2:
                inputs.append(hidden)
            elif self.skips != "none":
                skip = inputs.pop()
            hidden = block(hidden, skip, rotation, mask)
        result: Tensor = self.norm(hidden)[:, 1:]
        return result

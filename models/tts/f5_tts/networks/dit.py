"""F5-TTS' backbone: a diffusion transformer (DiT, arXiv 2212.09748, section 3.2, adaLN-Zero)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from hiervox.models.tts.f5_tts.networks.attention import (
    NORM_EPSILON,
    BackboneSizes,
    FeedForward,
    RotarySelfAttention,
)
from hiervox.modules.attention.rotary import Rotation


class DitBlock(nn.Module):
    """Attention and feed-forward layer, shifted, scaled and gated by the time.

    Args:
        sizes: see `BackboneSizes`.
    """

    def __init__(self, sizes: BackboneSizes) -> None:
        super().__init__()
        self.modulation = _zero(nn.Linear(sizes.channels, 6 * sizes.channels))
        self.attention = RotarySelfAttention(sizes)
        self.feed_forward = FeedForward(sizes)

    def forward(self, x: Tensor, time: Tensor, rotation: Rotation, mask: Tensor | None) -> Tensor:
        """(B, T, C), and the activated time (B, 1, C) → (B, T, C)."""
        shift, scale, gate, ff_shift, ff_scale, ff_gate = self.modulation(time).chunk(6, dim=2)
        x = x + gate * self.attention(_modulated(x, scale, shift), rotation, mask)
        result: Tensor = x + ff_gate * self.feed_forward(_modulated(x, ff_scale, ff_shift))
        return result


class DiffusionTransformer(nn.Module):
    """`DitBlock`s and a last norm by the time.

    Args:
        sizes: see `BackboneSizes`.
        long_skip: whether the last block's output is joined with the first one's input.
    """

    masks_input = True
    """Padding is kept out of the convolutions of the input."""

    def __init__(self, sizes: BackboneSizes, long_skip: bool = False) -> None:
        super().__init__()
        self.head_channels = sizes.head_channels
        self.blocks = nn.ModuleList(DitBlock(sizes) for _ in range(sizes.n_layers))
        self.long_skip = nn.Linear(2 * sizes.channels, sizes.channels, bias=False) if long_skip else None
        self.modulation = _zero(nn.Linear(sizes.channels, 2 * sizes.channels))

    def forward(self, x: Tensor, time: Tensor, mask: Tensor | None) -> Tensor:
        """(B, T, C), time (B, C), mask (B, T) or None → (B, T, C)."""
        rotation = Rotation.of(x.shape[1], self.head_channels, x)
        activated = functional.silu(time).unsqueeze(1)
        hidden = x
        for block in self.blocks:
            hidden = block(hidden, activated, rotation, mask)
        if self.long_skip is not None:
            hidden = self.long_skip(torch.cat([hidden, x], dim=2))
        scale, shift = self.modulation(activated).chunk(2, dim=2)
        return _modulated(hidden, scale, shift)


def _modulated(x: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
    normed = functional.layer_norm(x, x.shape[-1:], eps=NORM_EPSILON)
    return torch.addcmul(shift, normed, 1 + scale)


def _zero(layer: nn.Linear) -> nn.Linear:
    """A layer that begins without effect."""
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer

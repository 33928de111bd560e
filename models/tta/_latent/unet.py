"""U-Net over latents that attends to a caption (arXiv 2112.10752, section 3.3; arXiv 2301.12503)."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from pydantic import Field, PositiveInt, model_validator
from torch import Tensor, nn
from torch.nn import functional

from hiervox.models.tta._latent.blocks import SCALE, ResidualBlock, Upsample
from hiervox.utils.schema import Sizes

NORM_EPS = 1e-5
TRANSFORMER_NORM_EPS = 1e-6
FREQUENCY_RATIO = 10_000.0
STEP_FACTOR = 4
"""Channels of the step's vector over those of the first level."""
FEED_FORWARD_FACTOR = 4


class Condition(NamedTuple):
    """What a caption says, in one or both ways.

    Attributes:
        tokens: (B, L, C), attended to; None where there is only a vector.
        mask: (B, L), whether to attend to a token; None for all.
        vector: (B, D), added to every block by way of the step (FiLM); None where there are only tokens.
    """

    tokens: Tensor | None = None
    mask: Tensor | None = None
    vector: Tensor | None = None

    def where(self, keep: Tensor, empty: Condition) -> Condition:
        """This one for the items that `keep` (B,) marks, and `empty`, of one item, for the others."""
        tokens, mask, vector = self
        if tokens is not None and empty.tokens is not None:
            filled, of_empty = _as_long(self, empty), _as_long(empty, self)
            tokens = torch.where(keep[:, None, None], filled[0], of_empty[0])
            mask = torch.where(keep[:, None], filled[1], of_empty[1])
        if vector is not None and empty.vector is not None:
            vector = torch.where(keep[:, None], vector, empty.vector)
        return Condition(tokens, mask, vector)


def _as_long(condition: Condition, other: Condition) -> tuple[Tensor, Tensor]:
    """Tokens and mask of a condition, padded to the length of the other's."""
    assert condition.tokens is not None and other.tokens is not None
    tokens, mask = condition.tokens, condition.mask
    if mask is None:
        mask = torch.ones(tokens.shape[:2], dtype=torch.bool, device=tokens.device)
    more = max(0, other.tokens.shape[1] - tokens.shape[1])
    return functional.pad(tokens, (0, 0, 0, more)), functional.pad(mask, (0, more))


class LatentUNetSizes(Sizes):
    """Sizes of `LatentUNet`; defaults are Amphion's.

    Attributes:
        channels: of the first level; a multiple of `n_groups`.
        multipliers: of `channels`, one a level.
        n_blocks: residual blocks of a level on the way down; one on the way up has one more.
        attention: whether a level has transformers; the middle has one in any case.
        n_heads: of the transformers of each level; the middle has as many as the last.
        context_channels: of the tokens that the second attention of a transformer sees; None where it is
            one more self-attention.
        vector_channels: of the vector beside the step; None where there is none.
        n_groups: of the group normalisation.
    """

    channels: PositiveInt = 256
    multipliers: tuple[PositiveInt, ...] = Field((1, 2, 4), min_length=1)
    n_blocks: PositiveInt = 2
    attention: tuple[bool, ...] = (True, True, True)
    n_heads: tuple[PositiveInt, ...] = (8, 8, 8)
    context_channels: PositiveInt | None = 768
    vector_channels: PositiveInt | None = None
    n_groups: PositiveInt = 32

    @property
    def widths(self) -> list[int]:
        """Channels of the levels."""
        return [self.channels * multiplier for multiplier in self.multipliers]

    @property
    def step_channels(self) -> int:
        """Of what a residual block is told of the step and the vector."""
        width = STEP_FACTOR * self.channels
        return width if self.vector_channels is None else 2 * width

    @model_validator(mode="after")
    def _fits(self) -> LatentUNetSizes:
        if self.channels % self.n_groups or self.channels % 2:
            raise ValueError("channels must be even, and n_groups must divide them")
        if not len(self.multipliers) == len(self.attention) == len(self.n_heads):
            raise ValueError("multipliers, attention and n_heads must be as many as there are levels")
        if any(width % heads for width, heads in zip(self.widths, self.n_heads, strict=True)):
            raise ValueError("n_heads must divide the channels of its level")
        return self


class CrossAttention(nn.Module):
    """Multi-head attention whose projections to queries, keys and values have no bias.

    Args:
        channels: of queries and output.
        context_channels: of what is attended to.
        n_heads: divides `channels`.
    """

    def __init__(self, channels: int, context_channels: int, n_heads: int) -> None:
        super().__init__()
        self.n_heads = n_heads
        self.query = nn.Linear(channels, channels, bias=False)
        self.key = nn.Linear(context_channels, channels, bias=False)
        self.value = nn.Linear(context_channels, channels, bias=False)
        self.output = nn.Linear(channels, channels)

    def forward(self, x: Tensor, context: Tensor, mask: Tensor | None = None) -> Tensor:
        """x (B, T, C), context (B, L, context_channels), mask (B, L) → (B, T, C)."""
        query, key, value = (
            projected.unflatten(2, (self.n_heads, -1)).transpose(1, 2)
            for projected in (self.query(x), self.key(context), self.value(context))
        )
        allowed = None if mask is None else mask[:, None, None, :]
        attended = functional.scaled_dot_product_attention(query, key, value, attn_mask=allowed)
        found: Tensor = self.output(attended.transpose(1, 2).flatten(2))
        return found


class GatedFeedForward(nn.Module):
    """GEGLU (arXiv 2002.05202) and a projection.

    Args:
        channels: of input and output.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        hidden = FEED_FORWARD_FACTOR * channels
        self.input = nn.Linear(channels, 2 * hidden)
        self.output = nn.Linear(hidden, channels)

    def forward(self, x: Tensor) -> Tensor:
        """(B, T, C) → (B, T, C)."""
        hidden, gate = self.input(x).chunk(2, dim=-1)
        found: Tensor = self.output(hidden * functional.gelu(gate))
        return found


class LatentTransformer(nn.Module):
    """All places of a level attend to each other, then to the caption.

    Args:
        channels: of input and output.
        n_heads: of both attentions.
        sizes: of the U-Net.
    """

    def __init__(self, channels: int, n_heads: int, sizes: LatentUNetSizes) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(sizes.n_groups, channels, TRANSFORMER_NORM_EPS)
        self.input = nn.Linear(channels, channels)
        self.norm1, self.norm2, self.norm3 = (nn.LayerNorm(channels) for _ in range(3))
        self.self_attention = CrossAttention(channels, channels, n_heads)
        self.cross_attention = CrossAttention(channels, sizes.context_channels or channels, n_heads)
        self.feed_forward = GatedFeedForward(channels)
        self.output = nn.Linear(channels, channels)

    def forward(self, x: Tensor, condition: Condition) -> Tensor:
        """(B, C, M, N) → (B, C, M, N)."""
        places = self.input(self.norm(x).flatten(2).mT)
        normed = self.norm1(places)
        places = places + self.self_attention(normed, normed)
        normed = self.norm2(places)
        if condition.tokens is None:
            places = places + self.cross_attention(normed, normed)
        else:
            places = places + self.cross_attention(normed, condition.tokens, condition.mask)
        places = places + self.feed_forward(self.norm3(places))
        added: Tensor = x + self.output(places).mT.unflatten(2, x.shape[2:])
        return added


class Level(nn.Module):
    """Residual blocks at one resolution, each followed by a transformer where the level attends.

    Args:
        inputs: channels that come into each block.
        width: channels that go out of each.
        n_heads: of the transformers; None for none.
        sizes: of the U-Net.
    """

    def __init__(self, inputs: list[int], width: int, n_heads: int | None, sizes: LatentUNetSizes) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(_block(before, width, sizes) for before in inputs)
        self.transformers = nn.ModuleList(
            nn.Identity() if n_heads is None else LatentTransformer(width, n_heads, sizes) for _ in inputs
        )

    def step(self, number: int, x: Tensor, step: Tensor, condition: Condition) -> Tensor:
        """Through one block: (B, inputs, M, N) → (B, width, M, N)."""
        hidden: Tensor = self.blocks[number](x, step)
        transformer = self.transformers[number]
        return transformer(hidden, condition) if isinstance(transformer, LatentTransformer) else hidden


class UNetMiddle(nn.Module):
    """A transformer between two residual blocks, at the lowest resolution.

    Args:
        sizes: of the U-Net.
    """

    def __init__(self, sizes: LatentUNetSizes) -> None:
        super().__init__()
        width = sizes.widths[-1]
        self.first = _block(width, width, sizes)
        self.transformer = LatentTransformer(width, sizes.n_heads[-1], sizes)
        self.second = _block(width, width, sizes)

    def forward(self, x: Tensor, step: Tensor, condition: Condition) -> Tensor:
        """(B, C, M, N) → (B, C, M, N)."""
        found: Tensor = self.second(self.transformer(self.first(x, step), condition), step)
        return found


class StepVector(nn.Module):
    """The number of a diffusion step, and a caption's vector where there is one, as a vector.

    Args:
        sizes: of the U-Net.
    """

    frequencies: Tensor

    def __init__(self, sizes: LatentUNetSizes) -> None:
        super().__init__()
        half, width = sizes.channels // 2, STEP_FACTOR * sizes.channels
        exponents = torch.arange(half, dtype=torch.float32, device="cpu") * (
            -math.log(FREQUENCY_RATIO) / half
        )
        self.register_buffer("frequencies", exponents.exp(), persistent=False)
        self.layers = nn.Sequential(nn.Linear(sizes.channels, width), nn.SiLU(), nn.Linear(width, width))
        self.vector = None if sizes.vector_channels is None else nn.Linear(sizes.vector_channels, width)

    def forward(self, steps: Tensor, vector: Tensor | None) -> Tensor:
        """Steps (B,), vector (B, D) → (B, step_channels)."""
        angles = steps[:, None].to(self.frequencies) * self.frequencies
        found: Tensor = self.layers(torch.cat([angles.cos(), angles.sin()], dim=1))
        if self.vector is None or vector is None:
            return found
        return torch.cat([found, self.vector(vector)], dim=1)


class LatentUNet(nn.Module):
    """What noise, or velocity, a noisy latent holds.

    Args:
        sizes: see `LatentUNetSizes`.
        in_channels, out_channels: of latents.
    """

    def __init__(self, sizes: LatentUNetSizes, *, in_channels: int, out_channels: int) -> None:
        super().__init__()
        widths = sizes.widths
        heads = [
            number if attends else None
            for number, attends in zip(sizes.n_heads, sizes.attention, strict=True)
        ]
        self.step = StepVector(sizes)
        self.input = nn.Conv2d(in_channels, widths[0], 3, padding=1)
        skips = [widths[0]]
        downs = []
        for number, width in enumerate(widths):
            before = widths[max(0, number - 1)]
            downs.append(Level([before, *[width] * (sizes.n_blocks - 1)], width, heads[number], sizes))
            skips += [width] * (sizes.n_blocks + (number < len(widths) - 1))
        self.downs = nn.ModuleList(downs)
        self.downsamples = nn.ModuleList(nn.Conv2d(width, width, 3, SCALE, 1) for width in widths[:-1])
        self.middle = UNetMiddle(sizes)
        ups, before = [], widths[-1]
        for number in reversed(range(len(widths))):
            inputs = []
            for _ in range(sizes.n_blocks + 1):
                inputs.append(before + skips.pop())
                before = widths[number]
            ups.append(Level(inputs, widths[number], heads[number], sizes))
        self.ups = nn.ModuleList(ups)
        self.upsamples = nn.ModuleList(Upsample(width) for width in widths[:0:-1])
        self.norm = nn.GroupNorm(sizes.n_groups, widths[0], NORM_EPS)
        self.output = nn.Conv2d(widths[0], out_channels, 3, padding=1)
        self._start_from_zero()

    def _start_from_zero(self) -> None:
        """Residual blocks and transformers begin as nothing but their skip connections."""
        zeroed: list[nn.Module] = [self.output]
        for module in self.modules():
            if isinstance(module, ResidualBlock):
                zeroed.append(module.conv2)
            elif isinstance(module, LatentTransformer):
                zeroed.append(module.output)
        for module in zeroed:
            for parameter in module.parameters():
                nn.init.zeros_(parameter)

    def forward(self, noisy: Tensor, steps: Tensor, condition: Condition) -> Tensor:
        """noisy (B, in_channels, m, n), numbers of steps (B,) → (B, out_channels, m, n)."""
        step = self.step(steps, condition.vector)
        x = self.input(noisy)
        skips = [x]
        for number, level in enumerate(self.downs):
            assert isinstance(level, Level)
            for place in range(len(level.blocks)):
                x = level.step(place, x, step, condition)
                skips.append(x)
            if number < len(self.downsamples):
                x = self.downsamples[number](x)
                skips.append(x)
        x = self.middle(x, step, condition)
        for number, level in enumerate(self.ups):
            assert isinstance(level, Level)
            for place in range(len(level.blocks)):
                skip = skips.pop()
                x = x[..., : skip.shape[2], : skip.shape[3]]  # an odd size was rounded up on the way down
                x = level.step(place, torch.cat([x, skip], dim=1), step, condition)
            if number < len(self.upsamples):
                x = self.upsamples[number](x)
        found: Tensor = self.output(functional.silu(self.norm(x)))
        return found


def _block(inputs: int, outputs: int, sizes: LatentUNetSizes) -> ResidualBlock:
    return ResidualBlock(
        inputs, outputs, n_groups=sizes.n_groups, eps=NORM_EPS, step_channels=sizes.step_channels
    )

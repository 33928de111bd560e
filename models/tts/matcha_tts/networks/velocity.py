"""One-dimensional U-Net that predicts the flow's velocity (Matcha-TTS, arXiv 2309.03199, section 2.3)."""

from __future__ import annotations

from typing import Literal

import torch
from pydantic import Field, PositiveInt, model_validator
from torch import Tensor, nn
from torch.nn import functional

from hiervox.models.tts.matcha_tts.networks.conformer import ConformerBlock
from hiervox.modules.activations.snake import SnakeBeta
from hiervox.modules.diffusion.time_embedding import TimeEmbedding
from hiervox.utils.schema import Sizes

GROUPS = 8
"""Of the group normalisation."""
STRIDE = 2
"""Of a level, in time."""
EXPANSION = 4
"""Of feed-forward layers and of the time embedding."""


class VelocityUNetSizes(Sizes):
    """Sizes of `VelocityUNet`.

    Attributes:
        channels: of the levels, of which each but the last halves time.
        n_blocks: blocks with attention behind each ResNet block.
        block: their kind.
        n_middle: ResNet blocks at the lowest resolution.
        n_heads, head_channels: of the attention.
        activation: of the transformer blocks' feed-forward layers.
        dropout: on attended values and feed-forward activations.
        attends_to_padding: whether padding takes part in attention, at a score lower by one, as in the
            published code (the weights of which have learnt it); else it is left out. Of transformer blocks.
    """

    channels: tuple[PositiveInt, ...] = Field((256, 256), min_length=1)
    n_blocks: PositiveInt = 1
    block: Literal["transformer", "conformer"] = "transformer"
    n_middle: PositiveInt = 2
    n_heads: PositiveInt = 2
    head_channels: PositiveInt = 64
    activation: Literal["snake_beta", "gelu", "geglu"] = "snake_beta"
    dropout: float = Field(0.05, ge=0, lt=1)
    attends_to_padding: bool = False

    @property
    def multiple(self) -> int:
        """Frames are padded to a multiple of it; the published code's is twice what the levels need."""
        return int(STRIDE ** len(self.channels))

    @model_validator(mode="after")
    def _groups_divide(self) -> VelocityUNetSizes:
        if any(width % GROUPS for width in self.channels):
            raise ValueError(f"channels must be multiples of {GROUPS}")
        return self


class ConvolutionBlock(nn.Module):
    """Convolution, group normalisation and Mish, masked before and after.

    Args:
        inputs, outputs: channels.
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.convolution = nn.Conv1d(inputs, outputs, 3, padding=1)
        self.norm = nn.GroupNorm(GROUPS, outputs)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """(B, inputs, N), mask (B, 1, N) → (B, outputs, N)."""
        return functional.mish(self.norm(self.convolution(x * mask))) * mask


class ResNetBlock(nn.Module):
    """Two convolution blocks, the time between them, and a skip connection.

    Args:
        inputs, outputs: channels.
        time_channels: of the time embedding.
    """

    def __init__(self, inputs: int, outputs: int, time_channels: int) -> None:
        super().__init__()
        self.time = nn.Linear(time_channels, outputs)
        self.first = ConvolutionBlock(inputs, outputs)
        self.second = ConvolutionBlock(outputs, outputs)
        self.skip = nn.Conv1d(inputs, outputs, 1)

    def forward(self, x: Tensor, mask: Tensor, time: Tensor) -> Tensor:
        """(B, inputs, N), mask (B, 1, N), time (B, time_channels) → (B, outputs, N)."""
        hidden = self.first(x, mask) + self.time(functional.mish(time)).unsqueeze(2)
        residual: Tensor = self.second(hidden, mask) + self.skip(x * mask)
        return residual


class FeedForwardActivation(nn.Module):
    """Projection and activation of a feed-forward layer.

    Args:
        inputs, outputs: channels.
        kind: see `VelocityUNetSizes.activation`; of "geglu", half of the projection gates the other.
    """

    def __init__(self, inputs: int, outputs: int, kind: str) -> None:
        super().__init__()
        self.gated = kind == "geglu"
        self.projection = nn.Linear(inputs, outputs * (2 if self.gated else 1))
        self.snake = SnakeBeta(outputs) if kind == "snake_beta" else None

    def forward(self, x: Tensor) -> Tensor:
        """(B, N, inputs) → (B, N, outputs)."""
        x = self.projection(x)
        if self.snake is not None:
            return self.snake(x.mT).mT
        if self.gated:
            x, gate = x.chunk(2, dim=-1)
            return x * functional.gelu(gate)
        return functional.gelu(x)


class TransformerBlock(nn.Module):
    """Pre-norm self-attention and feed-forward layer.

    Args:
        channels: of input and output.
        sizes: of the network.
    """

    def __init__(self, channels: int, sizes: VelocityUNetSizes) -> None:
        super().__init__()
        self.n_heads = sizes.n_heads
        width = sizes.n_heads * sizes.head_channels
        self.attention_norm = nn.LayerNorm(channels)
        self.query = nn.Linear(channels, width, bias=False)
        self.key = nn.Linear(channels, width, bias=False)
        self.value = nn.Linear(channels, width, bias=False)
        self.output = nn.Linear(width, channels)
        self.feed_forward_norm = nn.LayerNorm(channels)
        self.expand = FeedForwardActivation(channels, EXPANSION * channels, sizes.activation)
        self.contract = nn.Linear(EXPANSION * channels, channels)
        self.dropout = nn.Dropout(sizes.dropout)

    def forward(self, x: Tensor, bias: Tensor) -> Tensor:
        """Attend, and go on.

        Args:
            x: (B, channels, N).
            bias: (B, 1, 1, N), added to the scores of each key.

        Returns:
            (B, channels, N).
        """
        x = x.mT
        normed = self.attention_norm(x)
        query, key, value = (
            projection(normed).unflatten(2, (self.n_heads, -1)).transpose(1, 2)
            for projection in (self.query, self.key, self.value)
        )
        attended = functional.scaled_dot_product_attention(query, key, value, bias)
        x = x + self.dropout(self.output(attended.transpose(1, 2).flatten(2)))
        x = x + self.contract(self.dropout(self.expand(self.feed_forward_norm(x))))
        return x.mT


class Level(nn.Module):
    """A ResNet block and blocks with attention, at one resolution.

    Args:
        inputs, outputs: channels.
        time_channels: of the time embedding.
        sizes: of the network.
    """

    def __init__(self, inputs: int, outputs: int, time_channels: int, sizes: VelocityUNetSizes) -> None:
        super().__init__()
        self.resnet = ResNetBlock(inputs, outputs, time_channels)
        self.blocks = nn.ModuleList(_attention_block(outputs, sizes) for _ in range(sizes.n_blocks))
        self.conformer = sizes.block == "conformer"
        self.attends_to_padding = sizes.attends_to_padding and not self.conformer

    def forward(self, x: Tensor, mask: Tensor, time: Tensor) -> Tensor:
        """(B, inputs, N), mask (B, 1, N), time (B, time_channels) → (B, outputs, N)."""
        x = self.resnet(x, mask, time)
        both = mask.mT * mask if self.conformer else mask  # queries of padding see all alike, as published
        bias = both.unsqueeze(1).to(x.dtype)
        if not self.attends_to_padding:
            bias = torch.zeros_like(bias).masked_fill(bias == 0, torch.finfo(bias.dtype).min)
        for block in self.blocks:
            x = block(x, bias)
        return x


def _attention_block(channels: int, sizes: VelocityUNetSizes) -> nn.Module:
    if sizes.block == "conformer":
        return ConformerBlock(channels, sizes.n_heads, sizes.head_channels, sizes.dropout)
    return TransformerBlock(channels, sizes)


class VelocityUNet(nn.Module):
    """Velocity of a noisy spectrogram on its way to the one that is meant.

    Args:
        sizes: see `VelocityUNetSizes`.
        mel_channels: of input and output.
        style_channels: of the style vector; 0 where there is none.
    """

    def __init__(self, sizes: VelocityUNetSizes, *, mel_channels: int, style_channels: int) -> None:
        super().__init__()
        self.sizes = sizes
        widths = sizes.channels
        inputs, time_channels = 2 * mel_channels + style_channels, EXPANSION * widths[0]
        self.time_embedding = TimeEmbedding(inputs)
        self.time = nn.Sequential(
            nn.Linear(inputs, time_channels), nn.SiLU(), nn.Linear(time_channels, time_channels)
        )
        self.downs = nn.ModuleList(
            Level(before, width, time_channels, sizes)
            for before, width in zip((inputs, *widths[:-1]), widths, strict=True)
        )
        self.downsamples = nn.ModuleList(
            nn.Conv1d(width, width, 3, STRIDE if number + 1 < len(widths) else 1, 1)
            for number, width in enumerate(widths)
        )
        self.middle = nn.ModuleList(
            Level(widths[-1], widths[-1], time_channels, sizes) for _ in range(sizes.n_middle)
        )
        outputs = (*widths[-2::-1], widths[0])
        self.ups = nn.ModuleList(
            Level(2 * before, width, time_channels, sizes)
            for before, width in zip(widths[::-1], outputs, strict=True)
        )
        self.upsamples = nn.ModuleList(
            nn.ConvTranspose1d(width, width, 4, STRIDE, 1)
            if number + 1 < len(widths)
            else nn.Conv1d(width, width, 3, padding=1)
            for number, width in enumerate(outputs)
        )
        self.final = ConvolutionBlock(widths[0], widths[0])
        self.projection = nn.Conv1d(widths[0], mel_channels, 1)
        for module in self.modules():
            if isinstance(module, nn.Conv1d | nn.Linear):
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
                if module.bias is not None:
                    nn.init.zeros_(module.bias)

    def forward(
        self, noisy: Tensor, mean: Tensor, mask: Tensor, style: Tensor | None, time: Tensor
    ) -> Tensor:
        """Predict the velocity.

        Args:
            noisy, mean: (B, mel_channels, N), N a multiple of `sizes.multiple`.
            mask: (B, 1, N).
            style: (B, style_channels, 1), or None for one speaker.
            time: (B,), 0 to 1.

        Returns:
            (B, mel_channels, N), masked.
        """
        at_time = self.time(self.time_embedding(time))
        spread = () if style is None else (style.expand(-1, -1, noisy.shape[2]),)
        x, masks, skips = torch.cat([noisy, mean, *spread], dim=1), [mask], []
        for number, (level, downsample) in enumerate(zip(self.downs, self.downsamples, strict=True)):
            x = level(x, masks[-1], at_time)
            skips.append(x)
            x = downsample(x * masks[-1])
            if number + 1 < len(self.downs):
                masks.append(masks[-1][..., ::STRIDE])
        for level in self.middle:
            x = level(x, masks[-1], at_time)
        for level, upsample in zip(self.ups, self.upsamples, strict=True):
            at_level = masks.pop()
            x = upsample(level(torch.cat([x, skips.pop()], dim=1), at_level, at_time) * at_level)
        result: Tensor = self.projection(self.final(x, mask)) * mask
        return result

"""Two-dimensional U-Net that scores noisy mel spectrograms against a prior (DiffVC, arXiv 2109.13821, A).

As Grad-TTS's, with a map of time and speaker as further input channels.
"""

from __future__ import annotations

import torch
from pydantic import Field, PositiveInt, model_validator
from torch import Tensor, nn
from torch.nn import functional

from hiervox.modules.diffusion.time_embedding import TimeEmbedding
from hiervox.utils.schema import Sizes

STRIDE = 2
"""Of a level, in both axes."""


class ScoreUNetSizes(Sizes):
    """Sizes of `ScoreUNet`.

    Attributes:
        channels: of the first level, and of the time embedding; a multiple of `n_groups`.
        multipliers: of `channels`, one a level.
        condition_channels: of the map of time and style.
        n_heads, head_channels: of the linear attention.
        n_groups: of the group normalisation.
    """

    channels: PositiveInt = Field(128, multiple_of=2)
    multipliers: tuple[PositiveInt, ...] = Field((1, 2, 4), min_length=1)
    condition_channels: PositiveInt = 128
    n_heads: PositiveInt = 4
    head_channels: PositiveInt = 32
    n_groups: PositiveInt = 8

    @property
    def multiple(self) -> int:
        """Bins and frames of a spectrogram have to be multiples of it."""
        return int(STRIDE ** (len(self.multipliers) - 1))

    @model_validator(mode="after")
    def _groups_divide(self) -> ScoreUNetSizes:
        if self.channels % self.n_groups:
            raise ValueError("n_groups must divide channels")
        return self


class MaskedBlock(nn.Module):
    """3×3 convolution, group normalisation and Mish, masked before and after.

    Args:
        inputs, outputs: channels.
        n_groups: of the normalisation.
    """

    def __init__(self, inputs: int, outputs: int, n_groups: int) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(inputs, outputs, 3, padding=1)
        self.norm = nn.GroupNorm(n_groups, outputs)
        self.activation = nn.Mish()

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """(B, inputs, M, N), mask (B, 1, 1, N) → (B, outputs, M, N)."""
        masked: Tensor = self.activation(self.norm(self.convolution(x * mask))) * mask
        return masked


class ScoreResidualBlock(nn.Module):
    """Two masked blocks, the time between them, and a skip connection.

    Args:
        inputs, outputs: channels.
        time_channels: of the time embedding.
        n_groups: of the normalisation.
    """

    def __init__(self, inputs: int, outputs: int, *, time_channels: int, n_groups: int) -> None:
        super().__init__()
        self.time = nn.Sequential(nn.Mish(), nn.Linear(time_channels, outputs))
        self.first = MaskedBlock(inputs, outputs, n_groups)
        self.second = MaskedBlock(outputs, outputs, n_groups)
        self.skip = nn.Conv2d(inputs, outputs, 1) if inputs != outputs else nn.Identity()

    def forward(self, x: Tensor, mask: Tensor, time: Tensor) -> Tensor:
        """(B, inputs, M, N), mask (B, 1, 1, N), time (B, time_channels) → (B, outputs, M, N)."""
        hidden = self.first(x, mask) + self.time(time)[:, :, None, None]
        residual: Tensor = self.second(hidden, mask) + self.skip(x * mask)
        return residual


class LinearAttention(nn.Module):
    """Attention of linear cost over all places, scaled by a gain that starts at 0, with a skip connection.

    Keys are normalised over the places, queries not at all. Padding is attended to, too.

    Args:
        channels: of input and output.
        n_heads, head_channels: of the heads.
    """

    def __init__(self, channels: int, n_heads: int, head_channels: int) -> None:
        super().__init__()
        self.n_heads = n_heads
        self.query_key_value = nn.Conv2d(channels, 3 * n_heads * head_channels, 1, bias=False)
        self.output = nn.Conv2d(n_heads * head_channels, channels, 1)
        self.gain = nn.Parameter(torch.zeros(1))

    def forward(self, x: Tensor) -> Tensor:
        """(B, channels, M, N) → (B, channels, M, N)."""
        query, key, value = self.query_key_value(x).unflatten(1, (3, self.n_heads, -1)).flatten(4).unbind(1)
        context = value @ key.softmax(dim=-1).mT  # (B, heads, values, keys)
        attended = (context @ query).flatten(1, 2).unflatten(2, x.shape[2:])
        result: Tensor = x + self.gain * self.output(attended)
        return result


class ScoreLevel(nn.Module):
    """Two residual blocks and attention, at one resolution.

    Args:
        inputs, outputs: channels.
        sizes: of the network.
    """

    def __init__(self, inputs: int, outputs: int, sizes: ScoreUNetSizes) -> None:
        super().__init__()
        shared = {"time_channels": sizes.channels, "n_groups": sizes.n_groups}
        self.first = ScoreResidualBlock(inputs, outputs, **shared)
        self.second = ScoreResidualBlock(outputs, outputs, **shared)
        self.attention = LinearAttention(outputs, sizes.n_heads, sizes.head_channels)

    def forward(self, x: Tensor, mask: Tensor, time: Tensor) -> Tensor:
        """(B, inputs, M, N), mask (B, 1, 1, N), time (B, channels) → (B, outputs, M, N)."""
        result: Tensor = self.attention(self.second(self.first(x, mask, time), mask, time))
        return result


class MiddleLevel(nn.Module):
    """Attention between two residual blocks, at the lowest resolution.

    Args:
        channels: of input and output.
        sizes: of the network.
    """

    def __init__(self, channels: int, sizes: ScoreUNetSizes) -> None:
        super().__init__()
        shared = {"time_channels": sizes.channels, "n_groups": sizes.n_groups}
        self.first = ScoreResidualBlock(channels, channels, **shared)
        self.attention = LinearAttention(channels, sizes.n_heads, sizes.head_channels)
        self.second = ScoreResidualBlock(channels, channels, **shared)

    def forward(self, x: Tensor, mask: Tensor, time: Tensor) -> Tensor:
        """(B, channels, M, N), mask (B, 1, 1, N), time (B, time channels) → (B, channels, M, N)."""
        result: Tensor = self.second(self.attention(self.first(x, mask, time)), mask, time)
        return result


class ScoreHead(nn.Module):
    """One masked block and a projection to one channel."""

    def __init__(self, channels: int, n_groups: int) -> None:
        super().__init__()
        self.block = MaskedBlock(channels, channels, n_groups)
        self.projection = nn.Conv2d(channels, 1, 1)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """(B, channels, M, N), mask (B, 1, 1, N) → (B, M, N)."""
        masked: Tensor = self.projection(self.block(x, mask)) * mask
        return masked.squeeze(1)


class ScoreUNet(nn.Module):
    """Score of a noisy mel spectrogram, and what else is read off the same features.

    Args:
        sizes: see `ScoreUNetSizes`.
        style_channels: of the style vector.
        n_outputs: spectrograms that come out.
    """

    def __init__(self, sizes: ScoreUNetSizes, *, style_channels: int, n_outputs: int = 1) -> None:
        super().__init__()
        self.sizes = sizes
        channels, condition = sizes.channels, sizes.condition_channels
        widths = [channels * multiplier for multiplier in sizes.multipliers]
        self.time_embedding = TimeEmbedding(channels)
        self.time = nn.Sequential(
            nn.Linear(channels, 4 * channels), nn.Mish(), nn.Linear(4 * channels, channels)
        )
        self.condition = nn.Sequential(
            nn.Linear(channels + style_channels, 4 * condition),
            nn.Mish(),
            nn.Linear(4 * condition, condition),
        )
        self.downs = nn.ModuleList(
            ScoreLevel(inputs, outputs, sizes)
            for inputs, outputs in zip([2 + condition, *widths[:-1]], widths, strict=True)
        )
        self.downsamples = nn.ModuleList(nn.Conv2d(width, width, 3, STRIDE, 1) for width in widths[:-1])
        self.middle = MiddleLevel(widths[-1], sizes)
        self.ups = nn.ModuleList(
            ScoreLevel(2 * inputs, outputs, sizes)
            for inputs, outputs in zip(widths[:0:-1], widths[-2::-1], strict=True)
        )
        self.upsamples = nn.ModuleList(
            nn.ConvTranspose2d(width, width, 4, STRIDE, 1) for width in widths[-2::-1]
        )
        self.heads = nn.ModuleList(ScoreHead(channels, sizes.n_groups) for _ in range(n_outputs))

    def forward(
        self, noisy: Tensor, prior: Tensor, mask: Tensor, style: Tensor, time: Tensor
    ) -> tuple[Tensor, ...]:
        """Score a batch.

        Args:
            noisy, prior: (B, M, N), M a multiple of `sizes.multiple`; N is padded to one.
            mask: (B, 1, N).
            style: (B, style_channels, 1).
            time: (B,), 0 to 1.

        Returns:
            (B, M, N) each, masked.
        """
        frames = noisy.shape[2]
        padding = 0, -frames % self.sizes.multiple
        noisy, prior, mask = (functional.pad(each, padding) for each in (noisy, prior, mask))
        embedding = self.time_embedding(time)
        at_time = self.time(embedding)
        condition = self.condition(torch.cat([embedding, style.squeeze(2)], dim=1))
        condition_map = condition[:, :, None, None].expand(-1, -1, *noisy.shape[1:])
        x = torch.cat([torch.stack([prior, noisy], dim=1), condition_map], dim=1)
        masks, skips = [mask.unsqueeze(1)], []
        for number, level in enumerate(self.downs):
            x = level(x, masks[-1], at_time)
            skips.append(x)
            x = x * masks[-1]
            if number < len(self.downsamples):
                x = self.downsamples[number](x)
                masks.append(masks[-1][..., ::STRIDE])
        x = self.middle(x, masks[-1], at_time)
        for level, upsample in zip(self.ups, self.upsamples, strict=True):
            own_mask = masks.pop()
            x = level(torch.cat([x, skips.pop()], dim=1), own_mask, at_time)
            x = upsample(x * own_mask)
        return tuple(head(x, masks[0])[..., :frames] for head in self.heads)

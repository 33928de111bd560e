"""The denoiser of F0 contours (Diff-HierVC, arXiv 2311.04693, section 2.2), built as DiffWave."""

from __future__ import annotations

import math

import torch
from pydantic import Field, PositiveInt
from torch import Tensor, nn

from hiervox.modules.diffusion.gated_layer import GatedLayer, kaiming_convolution
from hiervox.modules.diffusion.time_embedding import TimeEmbedding
from hiervox.utils.schema import Sizes


class PitchScoreSizes(Sizes):
    """Sizes of `PitchScore`.

    Attributes:
        channels: of the residual layers, and of the time embedding.
        n_layers, dilation_cycle: layer i is dilated by 2 ** (i % dilation_cycle).
        condition_channels: of what the layers are told of F0's prior, time and style.
    """

    channels: PositiveInt = Field(64, multiple_of=2)
    n_layers: PositiveInt = 30
    dilation_cycle: PositiveInt = 10
    condition_channels: PositiveInt = 128


class PitchScore(nn.Module):
    """Score of a noisy F0 contour.

    Args:
        sizes: see `PitchScoreSizes`.
        hidden_channels: of what its prior was predicted from.
        style_channels: of the style vector.
    """

    def __init__(self, sizes: PitchScoreSizes, *, hidden_channels: int, style_channels: int) -> None:
        super().__init__()
        channels, condition = sizes.channels, sizes.condition_channels
        self.time_embedding = TimeEmbedding(channels)
        self.time = nn.Sequential(
            nn.Linear(channels, 4 * channels), nn.Mish(), nn.Linear(4 * channels, channels), nn.Mish()
        )
        self.condition = nn.Sequential(
            kaiming_convolution(hidden_channels + channels + style_channels, 4 * condition),
            nn.Mish(),
            kaiming_convolution(4 * condition, condition),
            nn.Mish(),
        )
        self.input = nn.Sequential(kaiming_convolution(1, channels), nn.Mish())
        self.layers = nn.ModuleList(
            GatedLayer(
                channels,
                2 ** (layer % sizes.dilation_cycle),
                step_channels=channels,
                condition_channels=condition,
            )
            for layer in range(sizes.n_layers)
        )
        self.skip = nn.Sequential(kaiming_convolution(channels, channels), nn.Mish())
        self.output = kaiming_convolution(channels, 1)
        nn.init.zeros_(self.output.weight)

    def forward(self, noisy: Tensor, mask: Tensor, hidden: Tensor, style: Tensor, time: Tensor) -> Tensor:
        """Score a batch.

        Args:
            noisy: (B, 1, T).
            mask: (B, 1, T).
            hidden: (B, hidden_channels, T).
            style: (B, style_channels, 1).
            time: (B,), 0 to 1.

        Returns:
            (B, 1, T), masked.
        """
        embedding, frames = self.time_embedding(time), noisy.shape[2]
        at_time = self.time(embedding)
        constant = [embedding.unsqueeze(2).expand(-1, -1, frames), style.expand(-1, -1, frames)]
        condition = self.condition(torch.cat([hidden, *constant], dim=1)) * mask
        x = self.input(noisy) * mask
        skips = torch.zeros_like(x)
        for layer in self.layers:
            x, skip = layer(x, at_time, condition, mask)
            skips = skips + skip
        features = self.skip(skips * mask / math.sqrt(len(self.layers))) * mask
        score: Tensor = self.output(features) * mask
        return score

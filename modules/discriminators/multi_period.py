"""Discriminators that see every p-th sample (HiFi-GAN, arXiv 2010.05646, section 2.3)."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, PositiveInt
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import weight_norm

from hiervox.modules.discriminators.config import Discriminator, DiscriminatorConfig
from hiervox.modules.discriminators.stack import (
    LEAKY_SLOPE,
    ConvolutionStack,
    DiscriminatorOutput,
    apply_each,
)


class MultiPeriodConfig(DiscriminatorConfig):
    """Sizes of `MultiPeriodDiscriminator`; defaults are HiFi-GAN's.

    Attributes:
        periods: in samples; primes, so that they overlap little.
        channels: of each convolution but the last; all of these but the deepest have a stride.
        kernel_size, stride: along time.
        slope, first_is_feature: see `ConvolutionStack`.
    """

    type: Literal["multi_period"] = "multi_period"
    periods: tuple[PositiveInt, ...] = Field((2, 3, 5, 7, 11), min_length=1)
    channels: tuple[PositiveInt, ...] = Field((32, 128, 512, 1024, 1024), min_length=1)
    kernel_size: PositiveInt = 5
    stride: PositiveInt = 3
    slope: float = Field(LEAKY_SLOPE, ge=0, lt=1)
    first_is_feature: bool = True

    @property
    def min_samples(self) -> int:
        """One row of the longest period."""
        return max(self.periods)


class PeriodDiscriminator(nn.Module):
    """Folds the waveform to rows of `period` samples and convolves along the columns.

    Args:
        period: in samples.
        sizes: see `MultiPeriodConfig`.
    """

    def __init__(self, period: int, sizes: MultiPeriodConfig) -> None:
        super().__init__()
        self.period = period
        channels, kernel_size = sizes.channels, sizes.kernel_size
        strides = [sizes.stride] * (len(channels) - 1) + [1]
        self.stack = ConvolutionStack(
            (
                weight_norm(
                    nn.Conv2d(before, after, (kernel_size, 1), (step, 1), padding=(kernel_size // 2, 0))
                )
                for before, after, step in zip((1, *channels[:-1]), channels, strides, strict=True)
            ),
            last=weight_norm(nn.Conv2d(channels[-1], 1, (3, 1), padding=(1, 0))),
            slope=sizes.slope,
            first_is_feature=sizes.first_is_feature,
        )

    def forward(self, wav: Tensor) -> DiscriminatorOutput:
        """wav (B, 1, T), T ≥ period → logits (B, L), feature maps (B, C, rows, period)."""
        missing = -wav.shape[-1] % self.period
        if missing:
            wav = F.pad(wav, (0, missing), mode="reflect")
        output: DiscriminatorOutput = self.stack(wav.unflatten(-1, (-1, self.period)))
        return output


class MultiPeriodDiscriminator(Discriminator):
    """One `PeriodDiscriminator` for each period."""

    config_class = MultiPeriodConfig

    def __init__(self, config: MultiPeriodConfig) -> None:
        super().__init__(config)
        self.discriminators = nn.ModuleList(PeriodDiscriminator(period, config) for period in config.periods)

    def forward(self, wav: Tensor) -> list[DiscriminatorOutput]:
        """wav (B, 1, T) → the output for each period."""
        return apply_each(self.discriminators, [wav] * len(self.discriminators))

"""The discriminators of the Descript Audio Codec (arXiv 2306.06546) as its authors published them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, PositiveInt
from torch import Tensor, nn
from torch.nn import functional as F

from hiervox.modules.discriminators.config import Discriminator, DiscriminatorConfig
from hiervox.modules.discriminators.multi_band import OVERLAP, BandDiscriminator, at_one_level
from hiervox.modules.discriminators.multi_period import MultiPeriodConfig, PeriodDiscriminator
from hiervox.modules.discriminators.stack import DiscriminatorOutput


class DescriptConfig(DiscriminatorConfig):
    """Sizes of `DescriptDiscriminator`.

    Attributes:
        period: of the discriminators of periods.
        window_lengths: of those of frequency bands, samples.
        channels: of these, in each convolution but the last.
    """

    type: Literal["descript"] = "descript"
    period: MultiPeriodConfig = MultiPeriodConfig()
    window_lengths: tuple[PositiveInt, ...] = Field((2048, 1024, 512), min_length=1)
    channels: PositiveInt = 32

    @property
    def min_samples(self) -> int:
        """More than is reflected of it: by the longest window, and by the longest period."""
        longest = max(self.window_lengths)
        hop = longest // OVERLAP
        return max((longest - hop) // 2 + hop + 1, 2 * max(self.period.periods))


class DescriptDiscriminator(Discriminator):
    """Periods and frequency bands of waveforms at one level; all maps but the logits are features.

    Published with a period of reflection too much where whole periods came in; so it is here.
    """

    config_class = DescriptConfig

    def __init__(self, config: DescriptConfig) -> None:
        super().__init__(config)
        self.config = config
        self.periods = nn.ModuleList(
            PeriodDiscriminator(period, config.period) for period in config.period.periods
        )
        self.bands = nn.ModuleList(
            BandDiscriminator(length, config.channels, first_is_feature=True, between_hops=True)
            for length in config.window_lengths
        )

    def forward(self, wav: Tensor) -> list[DiscriminatorOutput]:
        """wav (B, 1, T) → the output for each period and resolution."""
        wav = at_one_level(wav)
        outputs = []
        for period, network in zip(self.config.period.periods, self.periods, strict=True):
            missing = period - wav.shape[-1] % period
            outputs.append(network(F.pad(wav, (0, missing), mode="reflect")))
        outputs += [network(wav) for network in self.bands]
        return [output._replace(features=output.features[:-1]) for output in outputs]

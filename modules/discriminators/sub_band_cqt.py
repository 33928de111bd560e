"""Discriminators of constant-Q transforms, octave by octave (Gu et al., arXiv 2311.14957)."""

from __future__ import annotations

from typing import Literal

import torch
from pydantic import Field, PositiveInt
from torch import Tensor, nn

from hiervox.modules.discriminators.config import Discriminator, DiscriminatorConfig
from hiervox.modules.discriminators.spectrum_stack import spectrum_stack
from hiervox.modules.discriminators.stack import (
    LEAKY_SLOPE,
    DiscriminatorOutput,
    apply_each,
)
from hiervox.modules.spectral.constant_q import ConstantQ, double_rate

OCTAVES = 9


class SubBandCQTConfig(DiscriminatorConfig):
    """Sizes of `SubBandCQTDiscriminator`.

    Attributes:
        sample_rate: of the waveform, Hz.
        bins_per_octave: of the transform of each member.
        hop_lengths: of each, samples at twice the waveform's rate.
        channels: of each convolution but the last; 32 in the paper's code, 128 in BigVGAN v2.
    """

    type: Literal["sub_band_cqt"] = "sub_band_cqt"
    sample_rate: PositiveInt = 24_000
    bins_per_octave: tuple[PositiveInt, ...] = Field((24, 36, 48), min_length=1)
    hop_lengths: tuple[PositiveInt, ...] = (512, 256, 256)
    channels: PositiveInt = 32

    @property
    def min_samples(self) -> int:
        """Two samples at the rate before the last halving, of twice the waveform's rate."""
        return 2 ** (OCTAVES - 2)


class CQTDiscriminator(nn.Module):
    """Convolves the octaves of a constant-Q transform one by one, then all of them.

    Args:
        hop_length: samples at twice the waveform's rate.
        bins_per_octave: of the transform.
        sizes: see `SubBandCQTConfig`.
    """

    def __init__(self, hop_length: int, bins_per_octave: int, sizes: SubBandCQTConfig) -> None:
        super().__init__()
        # At the doubled rate, nine octaves stay below half of the rate.
        self.transform = ConstantQ(
            2 * sizes.sample_rate, hop_length, bins_per_octave=bins_per_octave, n_octaves=OCTAVES
        )
        self.bins_per_octave = bins_per_octave
        self.octaves = nn.ModuleList(nn.Conv2d(2, 2, (3, 9), padding=(1, 4)) for _ in range(OCTAVES))
        self.stack = spectrum_stack(
            nn.Conv2d(2, sizes.channels, (3, 9), padding=(1, 4)),
            sizes.channels,
            slope=LEAKY_SLOPE,
            logits_are_feature=False,
        )

    def forward(self, wav: Tensor) -> DiscriminatorOutput:
        """wav (B, 1, T) → logits (B, L), feature maps (B, C, frames, bins)."""
        with torch.autocast(wav.device.type, enabled=False):
            spectrum = self.transform(double_rate(wav.float())).permute(0, 3, 2, 1)
        bands = spectrum.split(self.bins_per_octave, dim=-1)
        own = [conv(band) for conv, band in zip(self.octaves, bands, strict=True)]
        output: DiscriminatorOutput = self.stack(torch.cat(own, dim=-1))
        return output


class SubBandCQTDiscriminator(Discriminator):
    """One `CQTDiscriminator` for each number of bins an octave."""

    config_class = SubBandCQTConfig

    def __init__(self, config: SubBandCQTConfig) -> None:
        super().__init__(config)
        self.discriminators = nn.ModuleList(
            CQTDiscriminator(hop_length, bins, config)
            for bins, hop_length in zip(config.bins_per_octave, config.hop_lengths, strict=True)
        )

    def forward(self, wav: Tensor) -> list[DiscriminatorOutput]:
        """wav (B, 1, T) → the output for each transform."""
        return apply_each(self.discriminators, [wav] * len(self.discriminators))

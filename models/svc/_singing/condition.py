"""What a song says of each frame but whose voice it is: content, F0, loudness (arXiv 2310.11160)."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import cast

import torch
from pydantic import Field, PositiveFloat, PositiveInt, model_validator
from torch import Tensor, nn

from hiervox.utils.schema import Sizes

LOWEST_ENERGY = 1e-30
"""What no sound falls under: energies are logarithms' arguments."""


@dataclass
class Song:
    """What is sung, frame by frame of the spectrogram.

    Attributes:
        content: (B, C, N), vectors of all content encoders, one above the other.
        f0: (B, N), Hz, 0 where unvoiced.
        energy: (B, N), norm of each frame of the mel spectrogram before its logarithm.
        mask: (B, 1, N), 1 at real frames.
    """

    content: Tensor
    f0: Tensor
    energy: Tensor
    mask: Tensor

    def frames(self, first: int, last: int) -> Song:
        """Those frames alone."""
        return Song(
            self.content[..., first:last],
            self.f0[..., first:last],
            self.energy[..., first:last],
            self.mask[..., first:last],
        )

    def masked_by(self, mask: Tensor) -> Song:
        """With another mask."""
        return replace(self, mask=mask)


class F0Bins(nn.Module):
    """F0 to numbers of bins of one width on the mel scale, 1127 ln(1 + F0 / 700).

    Bin 1 also holds what is unvoiced or lower, the last one what is higher; bin 0 is nothing's.

    Args:
        n_bins: all of them.
        lowest, highest: Hz, centres of bin 1 and of the last.
    """

    def __init__(self, n_bins: int, lowest: float, highest: float) -> None:
        super().__init__()
        self.n_bins = n_bins
        self.lowest = 1127 * math.log1p(lowest / 700)
        self.width = (1127 * math.log1p(highest / 700) - self.lowest) / (n_bins - 2)

    def forward(self, f0: Tensor) -> Tensor:
        """Hz, any shape → int64."""
        places = (1127 * torch.log1p(f0 / 700) - self.lowest) / self.width + 1
        return (places.clamp(1, self.n_bins - 1) + 0.5).long()


class ConditionSizes(Sizes):
    """Sizes of `ConditionEncoder`; defaults are the published ones but for the energies.

    Attributes:
        content_channels: of each content encoder's vectors.
        hidden_channels: of the result.
        n_f0_bins, lowest_f0, highest_f0: see `F0Bins`.
        n_energy_bins, lowest_energy, highest_energy: bins between whose edges, which are spaced evenly on a
            logarithmic scale, energies lie. The published edges reach from 1e-30 to 1.5, so that six of seven
            bins are never met and loud singing shares the last.
    """

    content_channels: tuple[PositiveInt, ...] = Field((1024, 256), min_length=1)
    hidden_channels: PositiveInt = 384
    n_f0_bins: int = Field(256, ge=3)
    lowest_f0: PositiveFloat = 50.0
    highest_f0: PositiveFloat = 1100.0
    n_energy_bins: int = Field(256, ge=3)
    lowest_energy: PositiveFloat = 1e-4
    highest_energy: PositiveFloat = 20.0

    @model_validator(mode="after")
    def _ranges_rise(self) -> ConditionSizes:
        if self.lowest_f0 >= self.highest_f0 or self.lowest_energy >= self.highest_energy:
            raise ValueError("the highest F0 and energy must be over the lowest")
        return self


class ConditionEncoder(nn.Module):
    """The sum of projected content, embedded F0 and loudness, and a singer's vector.

    Args:
        sizes: see `ConditionSizes`.
    """

    energy_edges: Tensor

    def __init__(self, sizes: ConditionSizes) -> None:
        super().__init__()
        self.content_channels = sizes.content_channels
        channels = sizes.hidden_channels
        self.content = nn.ModuleList(nn.Linear(width, channels) for width in sizes.content_channels)
        self.f0_bins = F0Bins(sizes.n_f0_bins, sizes.lowest_f0, sizes.highest_f0)
        self.f0 = nn.Embedding(sizes.n_f0_bins, channels)
        self.unvoiced = nn.Embedding(2, channels)
        edges = torch.linspace(
            math.log(sizes.lowest_energy), math.log(sizes.highest_energy), sizes.n_energy_bins - 1
        )
        self.register_buffer("energy_edges", edges.exp())
        self.energy = nn.Embedding(sizes.n_energy_bins, channels)

    def forward(self, song: Song, style: Tensor | None) -> Tensor:
        """Encode.

        Args:
            song: (B, …, N).
            style: (B, hidden_channels, 1), of the singer; None where there is one alone.

        Returns:
            (B, hidden_channels, N).
        """
        vectors = song.content.mT.split(self.content_channels, dim=-1)
        hidden = sum(
            (project(vector) for project, vector in zip(self.content, vectors, strict=True)),
            start=self.f0(self.f0_bins(song.f0)) + self.unvoiced((song.f0 <= 0).long()),
        )
        hidden = hidden + self.energy(torch.bucketize(song.energy.contiguous(), self.energy_edges))
        condition = cast(Tensor, hidden).mT
        return condition if style is None else condition + style

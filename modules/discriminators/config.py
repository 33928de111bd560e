"""What all discriminators and their configs have in common."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field
from torch import nn

from hiervox.utils.schema import Sizes


class DiscriminatorConfig(Sizes):
    """Base of the sizes of a discriminator, which are its section in a config.

    Attributes:
        type: which discriminator; a subclass names its own.
        weight: of its terms in the losses of both sides.
    """

    type: str
    weight: float = Field(1.0, ge=0)

    @property
    def min_samples(self) -> int:
        """The shortest waveform that it takes, in samples."""
        return 1


class Discriminator(nn.Module):
    """Base of the discriminators: waveforms (B, 1, T) to a `DiscriminatorOutput` of each sub-discriminator.

    Attributes:
        config_class: the one argument of its constructor.
    """

    config_class: ClassVar[type[DiscriminatorConfig]]

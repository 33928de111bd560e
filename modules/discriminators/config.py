"""What all discriminators and their configs have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from pydantic import Field
from torch import Tensor, nn

from hiervox.modules.discriminators.stack import DiscriminatorOutput
from hiervox.utils.schema import Sizes


class DiscriminatorConfig(Sizes):
    """Base of the sizes of a discriminator, which are its section in a config.

    Attributes:
        type: which discriminator; a subclass names its own.
        weight: of its terms in the losses of both sides.
    """

    type: str
    weight: float = Field(1.0, ge=0)

    @classmethod
    def type_name(cls) -> str:
        """The `type` that a subclass names."""
        name: str = cls.model_fields["type"].default
        return name

    @property
    def min_samples(self) -> int:
        """The shortest waveform that it takes, in samples."""
        return 1


class Discriminator(nn.Module, ABC):
    """Base of the discriminators.

    Args:
        config: an object of `config_class`.

    Attributes:
        config_class: its sizes.
    """

    config_class: ClassVar[type[DiscriminatorConfig]]

    def __init__(self, config: DiscriminatorConfig) -> None:
        super().__init__()

    @abstractmethod
    def forward(self, wav: Tensor) -> list[DiscriminatorOutput]:
        """wav (B, 1, T) → the output of each sub-discriminator."""

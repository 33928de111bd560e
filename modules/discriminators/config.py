"""What the configs of all discriminators have in common."""

from __future__ import annotations

from pydantic import Field

from hiervox.utils.schema import Config


class DiscriminatorConfig(Config):
    """Base of a discriminator's section. Beside these keys it has a `type` and the module's arguments.

    Attributes:
        weight: of its terms in the losses of both sides.
    """

    weight: float = Field(1.0, ge=0)

    @property
    def min_samples(self) -> int:
        """The shortest waveform that it takes, in samples."""
        return 1

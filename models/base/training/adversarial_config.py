"""The sections that every adversarial training has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypeVar

from pydantic import Field, field_validator

from hiervox.models.base.config import ExperimentConfig, LossWeight, LossWeights
from hiervox.models.base.training.discriminators import AnyDiscriminator


class AdversarialLossConfig(LossWeights):
    """Weights of what discriminators say; a system's loss section adds its reconstruction terms.

    Attributes:
        kind: of the adversarial loss, `hiervox.modules.losses.adversarial`.
        reduction: over the discriminators.
        adversarial, feature_matching: weights of the generator's terms. Where neither counts there are no
            discriminators.
    """

    kind: Literal["least_squares", "hinge", "clipped_hinge"] = "least_squares"
    reduction: Literal["sum", "mean"] = "sum"
    adversarial: LossWeight = 1.0
    feature_matching: LossWeight = 2.0


class AdversarialExperiment(ExperimentConfig):
    """A training run of a generator against discriminators.

    Attributes:
        loss: weights; a system's own class.
        discriminators: by name. An entry without a `type` changes the default of its name.
    """

    loss: AdversarialLossConfig = AdversarialLossConfig()
    discriminators: dict[str, AnyDiscriminator] = Field(default_factory=dict)

    @field_validator("discriminators", mode="before")
    @classmethod
    def _laid_over_defaults(cls, given: Any) -> Any:
        default = cls.model_fields["discriminators"].get_default(call_default_factory=True, validated_data={})
        if not isinstance(given, Mapping) or not isinstance(default, Mapping):
            return given
        return {name: _with_type(entry, default.get(name)) for name, entry in given.items()}

    @property
    def adversarial(self) -> bool:
        """Whether discriminators take part."""
        return bool(self.discriminators) and self.loss.has_weight("adversarial", "feature_matching")

    @property
    def discriminator_samples(self) -> int:
        """The shortest waveform that all discriminators take, in samples."""
        return max((entry.min_samples for entry in self.discriminators.values()), default=1)

    def require_segment_frames(self, frames: int, hop_length: int) -> None:
        """Refuse slices of so many frames where discriminators take longer ones.

        Raises:
            ValueError: such slices.
        """
        if self.adversarial and frames * hop_length < self.discriminator_samples:
            raise ValueError(
                f"model.segment_frames are too few for discriminators of {self.discriminator_samples} samples"
            )


AdversarialExperimentT = TypeVar("AdversarialExperimentT", bound=AdversarialExperiment)


def _with_type(entry: Any, default: Any) -> Any:
    if isinstance(entry, Mapping) and "type" not in entry and default is not None:
        return {**default.model_dump(), **entry}
    return entry

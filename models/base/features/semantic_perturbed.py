"""Semantic vectors of perturbed copies, which carry less of the speaker."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, ClassVar

import numpy as np
from pydantic import Field

from hiervox.models.base.data.feature import Settings
from hiervox.models.base.data.randomness import generator_for
from hiervox.models.base.features.semantic import Job, Semantic
from hiervox.processors.audio import SAMPLE_RATE
from hiervox.processors.perturbation import PerturbationConfig, perturb
from hiervox.processors.recording_conditions import RecordingConditionsConfig, rerecord

if TYPE_CHECKING:
    from lhotse.cut.data import DataCut
    from numpy.typing import NDArray

    from hiervox.models.base.data.clip import Clip


class SemanticPerturbed(Semantic):
    """Semantic vectors of one of `features.perturbed_copies` copies, picked at random: (B, C, rows).

    Each copy is perturbed by draws that depend on the utterance's id alone (`features.perturbation`;
    HierSpeech++, arXiv 2311.12454, section 3.2, after NANSY), and with `features.perturbed_conditions` also
    recorded by another microphone in another room.
    """

    name = "semantic_perturbed"
    settings: ClassVar[Settings] = {
        "perturbed_copies": (Annotated[int, Field(ge=0)], 1),
        "perturbation": (PerturbationConfig, PerturbationConfig()),
        "perturbed_conditions": (RecordingConditionsConfig | None, None),
    }

    @property
    def arrays(self) -> tuple[str, ...]:
        """One a copy."""
        return tuple(perturbed_field(copy) for copy in range(self.config.features.perturbed_copies))

    def is_in(self, cut: DataCut) -> bool:
        """Whether it has one copy at least."""
        return perturbed_copies(cut) > 0

    def jobs(self, clip: Clip) -> Iterator[Job]:
        """One a copy."""
        features = self.config.features
        for copy, array in enumerate(self.arrays):
            rng = generator_for(clip.cut.id, copy)
            perturbed = perturb(clip.recording_at(SAMPLE_RATE), SAMPLE_RATE, rng, features.perturbation)
            if features.perturbed_conditions is not None:
                perturbed = rerecord(perturbed, SAMPLE_RATE, rng, features.perturbed_conditions)
            yield Job(clip, array, clip.fitted(perturbed, SAMPLE_RATE))

    def read(self, clip: Clip) -> NDArray[np.float32]:
        """(rows, C) of one copy."""
        copy = int(clip.generator.integers(perturbed_copies(clip.cut)))
        return clip.stored(perturbed_field(copy)).astype(np.float32)


def perturbed_field(copy: int) -> str:
    """The field of a cut that holds the semantic vectors of its perturbed copy number `copy` (from 0)."""
    return f"semantic_perturbed_{copy}"


def perturbed_copies(cut: DataCut) -> int:
    """How many perturbed copies of semantic vectors a cut has."""
    copies = 0
    while perturbed_field(copies) in (cut.custom or {}):
        copies += 1
    return copies

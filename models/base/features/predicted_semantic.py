"""Semantic vectors as a text-to-vec model predicts them, for synthesizers that are to hear such."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from hiervox.models.base.data.feature import Feature, Settings
from hiervox.models.base.data.teacher_forcing import SETTINGS, TeacherForced, fitted, predictor_of
from hiervox.models.base.features.semantic import Semantic
from hiervox.processors.audio import FRAME_RATE
from hiervox.processors.semantic import require_same_features

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hiervox.models.base.data.clip import Clip


class PredictedSemantic(Feature):
    """Semantic vectors by the text-to-vec model `features.predicted_by`: (B, C, rows), stored in float16.

    Text and recording are aligned, so frame for frame they belong to it, as smooth as what is spoken. An
    utterance without a text, or beyond the model's limits, has those of its recording.
    """

    name = "predicted_semantic"
    stored = True
    settings: ClassVar[Settings] = SETTINGS

    @property
    def frame_rate(self) -> Fraction:
        """50 a second."""
        return Fraction(FRAME_RATE)

    def recipe(self) -> dict[str, Any]:
        """The model, and what it predicts."""
        return {**Semantic(self.config).recipe(), **super().recipe()}

    def load(self) -> None:
        """Load the model.

        Raises:
            ConfigError: none is named, it predicts no semantic vectors, or those of another encoder.
        """
        self._predictor()

    def _predictor(self) -> TeacherForced:
        predictor = predictor_of(self, "predict_semantic", "semantic vectors")
        require_same_features(
            predictor.setup.features.semantic, self.config.features.semantic, predictor.name
        )
        return predictor

    def compute(self, clip: Clip) -> NDArray[np.float16]:
        """(rows, C).

        Raises:
            DataError: the model's frames are not the recording's.
        """
        predictor = self._predictor()
        if predictor.can_predict(clip):
            return fitted(predictor.predict(clip), clip.frames, clip).astype(np.float16)
        plain = Semantic(self.config, self.networks)
        stored = Semantic.name in (clip.cut.custom or {})
        return (plain.read(clip) if stored else plain.compute(clip)).astype(np.float16)

    def read(self, clip: Clip) -> NDArray[np.float32]:
        """(rows, C) as stored, in float32."""
        return clip.stored(self.name).astype(np.float32)

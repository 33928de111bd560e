"""Semantic vectors as a text-to-vec model predicts them, for synthesizers that are to learn from them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from hiervox.models.base.data.feature import Failures, Feature, FeatureStore, Settings
from hiervox.models.base.data.teacher_forcing import SETTINGS, TeacherForced, fitted, predictor_of
from hiervox.models.base.features.semantic import Semantic
from hiervox.processors.semantic import require_same_features

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hiervox.models.base.data.clip import Clip


class PredictedSemantic(Semantic):
    """Semantic vectors by the text-to-vec model `features.predicted_by`: (B, C, rows), stored in float16.

    Text and recording are aligned, so frame for frame they belong to it, as smooth as what is spoken. An
    utterance without a text, or beyond the model's limits, has those of its recording.
    """

    name = "predicted_semantic"
    settings: ClassVar[Settings] = SETTINGS

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
            return fitted(predictor.predict(clip), clip).astype(np.float16)
        plain: NDArray[np.float32] = Semantic(self.config, self.networks).read_or_compute(clip)
        return plain.astype(np.float16)

    def extract(self, clips: Sequence[Clip], store: FeatureStore) -> Failures:
        """One by one."""
        return Feature.extract(self, clips, store)

"""Mel spectrograms as an acoustic model predicts them, for vocoders that are to learn from them."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from hiervox.models.base.data.feature import Feature, Settings
from hiervox.models.base.data.teacher_forcing import SETTINGS, TeacherForced, fitted, predictor_of
from hiervox.utils.errors import ConfigError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hiervox.models.base.data.clip import Clip


class PredictedMel(Feature):
    """Log-mel by the acoustic model `features.predicted_by`, the recording's durations given: (B, n_mels, N).

    Also called ground-truth-aligned (GTA): frame for frame it belongs to the recording.
    """

    name = "predicted_mel"
    stored = True
    settings: ClassVar[Settings] = SETTINGS

    @property
    def padding(self) -> float:
        """The value of digital silence."""
        return self.config.mel.silence

    def load(self) -> None:
        """Load the model.

        Raises:
            ConfigError: none is named, it predicts no spectrograms, or others than `mel` asks for.
        """
        self._predictor()

    def _predictor(self) -> TeacherForced:
        predictor = predictor_of(self, "teacher_forced", "spectrograms")
        differences = self.config.mel.differences(predictor.setup.mel)
        if differences:
            raise ConfigError(
                f"{predictor.name} predicts another mel spectrogram: {', '.join(differences)}",
                "make mel agree",
            )
        return predictor

    def compute(self, clip: Clip) -> NDArray[np.float32]:
        """(N, n_mels).

        Raises:
            DataError: the model's frames are not the recording's.
        """
        mel = fitted(self._predictor().predict(clip), clip)
        return np.maximum(mel, np.float32(self.config.mel.silence))

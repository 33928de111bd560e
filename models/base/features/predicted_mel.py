"""Mel spectrograms as an acoustic model predicts them, for vocoders that are to hear such."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import torch

from hiervox.models.base.checkpoints.checkpoint import load_network
from hiervox.models.base.data.clip import Clip, utterance_frames
from hiervox.models.base.data.feature import Feature, Settings
from hiervox.models.base.registry import get_part
from hiervox.utils.errors import ConfigError, DataError
from hiervox.utils.registry import resolve

if TYPE_CHECKING:
    from numpy.typing import NDArray

FIND_PART = "hiervox.models.base.pipelines.bundle:find_part"  # by name: pipelines need not be there to train
RESOLVE = "hiervox.models.base.pipelines.bundle:resolve_bundle"


class PredictedMel(Feature):
    """Log-mel by the acoustic model `features.predicted_by`, the recording's durations given: (B, n_mels, N).

    Also called ground-truth-aligned (GTA): frame for frame it belongs to the recording.
    """

    name = "predicted_mel"
    stored = True
    settings: ClassVar[Settings] = {"predicted_by": (str | None, None)}

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
        name = self.config.features.predicted_by
        if name is None:
            raise ConfigError("features.predicted_by names no model", "set it to a name or a folder")
        predictor = self.networks.get((self.name, name), lambda device: TeacherForced(name, device))
        differences = self.config.mel.differences(predictor.setup.mel)
        if differences:
            raise ConfigError(
                f"{name} predicts another mel spectrogram: {', '.join(differences)}", "make mel agree"
            )
        return predictor

    def compute(self, clip: Clip) -> NDArray[np.float32]:
        """(N, n_mels).

        Raises:
            DataError: the model's frames are not the recording's.
        """
        mel = self._predictor().predict(clip)
        if len(mel) != clip.frames:
            raise DataError(
                f"{clip.cut.id} has {clip.frames} frames, and {len(mel)} are predicted",
                "give both configs the same data section",
            )
        return np.maximum(mel, np.float32(self.config.mel.silence))


class TeacherForced:
    """An acoustic model with the durations, pitch and whatever else of recordings.

    Args:
        name: of the model, or its folder.
        device: where it runs.

    Raises:
        ConfigError: its training task has no `teacher_forced`.
    """

    def __init__(self, name: str, device: str) -> None:
        from hiervox.models.base.data.features import FeatureSetup

        folder = resolve(FIND_PART)(resolve(RESOLVE)(name), "tts").folder
        network, experiment = load_network(folder, device)
        task = get_part(experiment.system, experiment.part).task
        if task is None or not hasattr(resolve(task), "teacher_forced"):
            raise ConfigError(
                f"{name} is {experiment.system}, which predicts no spectrograms for given durations",
                "name an acoustic model that can be teacher-forced",
            )
        self.task: Any = resolve(task)(experiment)
        self.network, self.device = network.eval(), device
        self.setup = FeatureSetup.of(experiment)

    @torch.inference_mode()
    def predict(self, clip: Clip) -> NDArray[np.float32]:
        """(N, n_mels) of a whole utterance."""
        batch = self._batch(clip)
        mel: NDArray[np.float32] = self.task.teacher_forced(self.network, batch)[0].T.float().cpu().numpy()
        return mel

    def _batch(self, clip: Clip) -> dict[str, Any]:
        """What the model is trained on, of one utterance; what is not stored with it is computed."""
        from hiervox.models.base.data.feature_registry import build_features

        own = Clip(clip.cut, self.setup)
        frames = utterance_frames(clip.cut, self.setup)
        batch: dict[str, Any] = {"ids": [clip.cut.id], "frames": torch.tensor([frames])}
        for name, feature in build_features(self.task.batch_fields(), self.setup).items():
            stored = feature.stored and all(key in (clip.cut.custom or {}) for key in feature.arrays)
            value = feature.read(own) if stored else feature.compute(own)
            rows = len(value) if feature.axis in ("tokens", "own") else feature.rows(frames)
            batch[name] = feature.collate([value], rows)
            if feature.axis == "tokens":
                batch["token_lengths"] = torch.tensor([rows])
        return {
            name: value.to(self.device) if isinstance(value, torch.Tensor) else value
            for name, value in batch.items()
        }

"""What an acoustic model predicts for recordings whose timing it is given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from hiervox.models.base.checkpoints.checkpoint import load_network
from hiervox.models.base.data.clip import Clip, utterance_frames
from hiervox.models.base.data.feature import Feature, Settings
from hiervox.models.base.data.manifest import text_of
from hiervox.models.base.data.pronunciation import pronounce
from hiervox.models.base.registry import get_part
from hiervox.utils.errors import ConfigError, DataError
from hiervox.utils.registry import resolve

if TYPE_CHECKING:
    from numpy.typing import NDArray

PARTS = "hiervox.models.base.pipelines.bundle:parts_of"  # by name: pipelines need not be there to train
RESOLVE = "hiervox.models.base.pipelines.bundle:resolve_bundle"
SETTINGS: Settings = {"predicted_by": (str | None, None)}
"""Of every feature that a model predicts: the model's name or folder."""


class TeacherForced:
    """An acoustic model with the durations, pitch and whatever else of recordings.

    Args:
        name: of the model, or its folder.
        method: of its training task: (network, batch of one) → (1, C, N).
        what: the method predicts, for the message.
        device: where it runs.

    Raises:
        ConfigError: no part of the model has such a task.
    """

    def __init__(self, name: str, method: str, what: str, device: str) -> None:
        from hiervox.models.base.data.setup import FeatureSetup

        parts = resolve(PARTS)(resolve(RESOLVE)(name))
        able = [part for part in parts if hasattr(_task_class(part.card.name, part.part), method)]
        if not able:
            systems = ", ".join(sorted({part.card.name for part in parts})) or "no model"
            raise ConfigError(
                f"{name} is {systems}, which predicts no {what} for given durations",
                "name an acoustic model that can be teacher-forced",
            )
        network, experiment = load_network(able[0].folder, device)
        task: Any = _task_class(experiment.system, experiment.part)
        self.name, self.device = name, device
        self.task = task(experiment)
        self.network = network.eval()
        self.setup = FeatureSetup.of(experiment)
        self._method = method

    def can_predict(self, clip: Clip) -> bool:
        """Whether an utterance has a text that the model would be trained on."""
        if text_of(clip.cut) is None:
            return False
        spoken = pronounce(clip.cut, self.setup.symbols)
        frames = utterance_frames(clip.cut, self.setup)
        return bool(self.task.usable(frames, None if spoken is None else len(spoken.tokens)))

    @torch.inference_mode()
    def predict(self, clip: Clip) -> NDArray[np.float32]:
        """(N, C) of a whole utterance."""
        predicted = getattr(self.task, self._method)(self.network, self._batch(clip))
        rows: NDArray[np.float32] = predicted[0].T.float().cpu().numpy()
        return rows

    def _batch(self, clip: Clip) -> dict[str, Any]:
        """What the model is trained on, of one utterance; what is not stored with it is computed."""
        from hiervox.models.base.data.dataset import batch_field
        from hiervox.models.base.data.features import build_features

        own = Clip(clip.cut, self.setup)
        frames = utterance_frames(clip.cut, self.setup)
        batch: dict[str, Any] = {"ids": [clip.cut.id], "frames": torch.tensor([frames])}
        for feature in build_features(self.task.batch_fields(), self.setup).values():
            value = feature.read_or_compute(own)
            tokens = len(value) if feature.axis == "tokens" else 0
            batch |= batch_field(feature, [value], [own], frames, tokens)
        return {
            name: value.to(self.device) if isinstance(value, torch.Tensor) else value
            for name, value in batch.items()
        }


def _task_class(system: str, part: str) -> Any:
    """The training task of a part; None where it has none."""
    task = get_part(system, part).task
    return None if task is None else resolve(task)


def predictor_of(feature: Feature, method: str, what: str) -> TeacherForced:
    """The model that `features.predicted_by` names, loaded once.

    Raises:
        ConfigError: none is named, or it can't predict that.
    """
    name = feature.config.features.predicted_by
    if name is None:
        raise ConfigError("features.predicted_by names no model", "set it to a name or a folder")
    return feature.networks.get(
        (feature.name, name), lambda device: TeacherForced(name, method, what, device)
    )


def fitted(rows: NDArray[np.float32], clip: Clip) -> NDArray[np.float32]:
    """The rows (N, C) as they are, if they are as many as the recording's frames.

    Raises:
        DataError: they are not.
    """
    if len(rows) != clip.frames:
        raise DataError(
            f"{clip.cut.id} has {clip.frames} frames, and {len(rows)} are predicted",
            "give both configs the same data section",
        )
    return rows

"""From a config file to a training task, through the registry."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hiervox.models.base.config import ExperimentConfig
from hiervox.models.base.registry import get_part, require_resolved
from hiervox.models.base.training.task import TrainingTask
from hiervox.utils.config import load_layers, validate
from hiervox.utils.errors import ConfigError
from hiervox.utils.registry import resolve


def load_experiment(path: Path, overrides: Sequence[str] = ()) -> ExperimentConfig:
    """Read and check an experiment by the schema of the system and part that it names.

    Raises:
        ConfigError: the file, a key, a value, the system or the part is wrong.
    """
    layered = load_layers(path, overrides)
    for key in ("system", "part"):
        if not isinstance(layered.values.get(key), str):
            raise ConfigError(f"{path} names no {key}", f'add {key}: "…" (`hiervox systems` lists them)')
    schema = resolve(get_part(layered.values["system"], layered.values["part"]).config)
    experiment = validate(layered, schema)
    assert isinstance(experiment, ExperimentConfig)
    return experiment


def build_task(experiment: ExperimentConfig) -> TrainingTask[Any]:
    """The training task of an experiment.

    Raises:
        ConfigError: the part can't be trained, or its card names what is not there.
    """
    part = get_part(experiment.system, experiment.part)
    if part.task is None:
        raise ConfigError(
            f"{experiment.system}/{experiment.part} can't be trained here", "choose another part"
        )
    require_resolved(experiment.system, experiment.part)
    task: TrainingTask[Any] = resolve(part.task)(experiment)
    return task

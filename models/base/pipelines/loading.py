"""`hiervox.load`: from a model's name or folder to the pipeline of its system."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hiervox.models.base.card import SystemCard
from hiervox.models.base.pipelines.bundle import (
    find_part,
    open_pipeline,
    parts_of,
    resolve_bundle,
)
from hiervox.models.base.registry import SYSTEMS
from hiervox.models.base.tasks import TASKS, task_names
from hiervox.utils.device import choose_device
from hiervox.utils.errors import CheckpointError, ConfigError
from hiervox.utils.memory import uncollected
from hiervox.utils.registry import nearest


def load(
    name_or_folder: str | Path | None = None,
    task: str | None = None,
    device: str = "auto",
    rate: int | None = None,
    precision: str | None = "float32",
) -> Any:
    """Open an installed model, or one in a folder, with the pipeline of the system that its checkpoints name.

    Args:
        name_or_folder: a bundle by name; the folder or the URL of a bundle, a checkpoint or a run; or
            OWNER/NAME[@REVISION] on the Hugging Face Hub, with `hf:` before it or without. An installed name
            or a folder goes before the Hub's. None for the default.
        task: what it is opened for, one of `TASKS` or a capability of a card; None for the first task by rank
            that it serves.
        device: `auto`, `cpu`, `cuda`, `cuda:1` …
        rate: of the result in Hz, where a bundle holds networks for several.
        precision: `float32`; `tf32`, on a GPU; or `bf16`. None for that in which the caller computes, for a
            model that another uses.

    Returns:
        An object that implements the task's protocol (`hiervox.models.base.pipelines.protocols`).

    Raises:
        ConfigError: there is no such model, task, device or precision, or the model's parts do not belong
            together.
        CheckpointError: the model does not serve the task, or a checkpoint is missing or broken.
        DependencyError: the Hub has no such model, can't be reached, or wants a permission.
    """
    with uncollected():
        folder = resolve_bundle(None if name_or_folder is None else str(name_or_folder), bare=True)
        card, place = find_system(folder, task, rate)
        return open_pipeline(card, place, choose_device(device), precision)


def find_system(folder: Path, task: str | None = None, rate: int | None = None) -> tuple[SystemCard, Path]:
    """The card of the system that a model is opened with, and the folder that its pipeline takes.

    Raises:
        As `load`.
    """
    if task is None:
        task = first_task(folder)
    _check_task(task)
    part = find_part(folder, task, rate)
    return part.card, folder if part.card.takes_bundle else part.folder


def first_task(folder: Path) -> str:
    """The first task by rank that a model serves.

    Raises:
        CheckpointError: it holds no checkpoint, or a broken one, or systems without a pipeline.
        ConfigError: a system or task of it is not installed.
    """
    parts = parts_of(folder)
    if not parts:
        raise CheckpointError(
            f"{folder} holds no checkpoint", "name a checkpoint folder, or a folder of such folders"
        )
    for task in task_names():
        if any(part.card.task == task and part.card.pipeline for part in parts):
            return task
    for part in parts:
        _check_task(part.card.task)
    names = ", ".join(sorted({part.card.name for part in parts}))
    raise CheckpointError(f"{folder} holds {names}, which has no pipeline", "load its network from Python")


def _check_task(task: str) -> None:
    if task in TASKS.left_out:
        TASKS.named(task)  # says why
    known = {*TASKS, *(word for card in SYSTEMS.values() for word in card.capabilities)}
    if task in known:
        return
    if any(card.task == task for card in SYSTEMS.values()):
        raise ConfigError(
            f"no task {task!r}, though there are systems of it",
            f"let their package name its Task as an entry point of {TASKS.group}",
        )
    raise ConfigError(f"no task {task!r}", nearest(task, known))

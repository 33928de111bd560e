"""The tasks: `models/<task>/task.py` of the tree, and the entry-point group `hiervox.tasks`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from hiervox.utils.registry import Registry, instances_of


@dataclass(frozen=True)
class Task:
    """A task. Its module imports nothing but this one.

    Attributes:
        name: as cards call it.
        protocol: dotted name of what its pipelines implement.
        verb: of the command line.
        summary: what goes in and what comes out.
        rank: a model that is opened for no task in particular is opened for the one of the lowest rank that
            it serves.
        pipeline: what a card that names no pipeline names, see `SystemCard`; one that is relative to the
            system's package is for systems that have that file.
        works: what each of its systems can do, which a card does not repeat.
        metrics: names of those that fit, which `hiervox evaluate --task` takes by default.
        trial: dotted name of a function of a pipeline and a `Sample` that returns the `Trial` which `hiervox
            benchmark` times (`models/base/benchmark/trial.py`); None where there is none.
        takes: what goes in.
        pipeline_tag: what the Hugging Face Hub calls such a task.
        trace: dotted name of a function of a pipeline and a `Subject` that returns the stages which `hiervox
            visualize` shows (`models/base/pipelines/trace.py`); None where pipelines have a method `trace`.
    """

    name: str
    protocol: str
    verb: str
    summary: str
    rank: int = 100
    pipeline: str | None = None
    works: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()
    trial: str | None = None
    takes: Literal["text", "recording"] = "recording"
    pipeline_tag: str = "audio-to-audio"
    trace: str | None = None


TASKS: Registry[Task] = Registry(
    "task", "hiervox.tasks", "hiervox.models", "*/task.py", instances_of(Task), without=["base"]
)


def task_names() -> list[str]:
    """The names of all tasks by rank."""
    return sorted(TASKS, key=lambda name: (TASKS[name].rank, name))

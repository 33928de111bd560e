"""The tasks: `models/<task>/task.py` of the tree, and the entry-point group `hiervox.tasks`."""

from __future__ import annotations

from dataclasses import dataclass

from hiervox.utils.registry import Registry, instances_of


@dataclass(frozen=True)
class Task:
    """A task.

    Attributes:
        name: as cards call it.
        protocol: dotted name of what its pipelines implement.
        verb: of the command line.
        summary: what goes in and what comes out.
        rank: a model that is opened for no task in particular is opened for the one of the lowest rank that
            it serves.
    """

    name: str
    protocol: str
    verb: str
    summary: str
    rank: int = 100


TASKS: Registry[Task] = Registry(
    "task", "hiervox.tasks", "hiervox.models", "*/task.py", instances_of(Task), without=["base"]
)


def task_names() -> list[str]:
    """The names of all tasks by rank."""
    return sorted(TASKS, key=lambda name: (TASKS[name].rank, name))

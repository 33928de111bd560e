"""`hiervox models`: what can be used, and what can be fetched."""

from __future__ import annotations

from pathlib import Path

import typer

from hiervox.bins.tables import JsonOption, as_objects, echo_json, echo_table
from hiervox.bins.verbs import INSTALLATION, Verb
from hiervox.utils.errors import HierVoxError


def models(as_json: JsonOption = False) -> None:
    """List installed models with what they can do, and published ones that can be fetched.

    \b
    Example:
      hiervox models
    """
    from hiervox.models.base.checkpoints.pretrained import pretrained_entries
    from hiervox.models.base.checkpoints.pretrained_files import find
    from hiervox.models.base.pipelines.bundle import installed_bundles, prompts_of

    rows: list[tuple[str, ...]] = [("model", "tasks", "systems", "voices", "folder")]
    for name, folder in installed_bundles().items():
        tasks, systems = _contents(folder)
        voices = ", ".join(prompt.stem for prompt in prompts_of(folder)) or "none of its own"
        rows.append((name, tasks, systems, voices, str(folder)))
    published: list[tuple[str, ...]] = [("published", "here", "how to get it")]
    for entry in pretrained_entries().values():
        here = "yes" if find(entry) is not None else "no"
        get = f"hiervox pretrained fetch {entry.name}" if entry.voice else entry.usage
        published.append((entry.name, here, get))
    if as_json:
        echo_json({"installed": as_objects(rows), "published": as_objects(published)})
        return
    if len(rows) == 1:
        typer.echo("no model is installed")
    else:
        echo_table(rows)
    typer.echo()
    echo_table(published)


def _contents(folder: Path) -> tuple[str, str]:
    """Tasks that a bundle serves, and the systems that its checkpoints are of."""
    from hiervox.models.base.pipelines.bundle import parts_of
    from hiervox.models.base.tasks import task_names

    try:
        parts = parts_of(folder)
    except HierVoxError as error:
        return "broken", error.problem
    tasks = [task for task in task_names() if any(part.card.serves(task) for part in parts)]
    return ", ".join(tasks) or "none", ", ".join(dict.fromkeys(part.card.name for part in parts)) or "none"


VERB = Verb("models", models, panel=INSTALLATION, rank=1)

"""`hiervox tasks`: what systems are for, and how each is used and measured."""

from __future__ import annotations

from hiervox.bins.plugins import echo_entries
from hiervox.bins.tables import JsonOption
from hiervox.bins.verbs import INSTALLATION, Verb


def tasks(as_json: JsonOption = False) -> None:
    """List the tasks: verb, systems, metrics that fit, what goes in and comes out.

    \b
    Example:
      hiervox tasks
    """
    from hiervox.models.base.registry import SYSTEMS
    from hiervox.models.base.tasks import TASKS, task_names

    rows = {}
    for name in task_names():
        task, served = TASKS[name], sum(card.serves(name) for card in SYSTEMS.values())
        rows[name] = (task.verb, str(served), ",".join(task.metrics) or "none", task.summary)
    echo_entries(TASKS, ("verb", "systems", "metrics", "what it does"), rows, as_json)


VERB = Verb("tasks", tasks, INSTALLATION, rank=4)

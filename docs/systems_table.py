"""Writes the README's table of systems, from their cards: `python docs/systems_table.py`."""

from __future__ import annotations

from pathlib import Path

from hiervox.models.base.card import SystemCard
from hiervox.models.base.registry import SYSTEMS
from hiervox.models.base.tasks import TASKS, task_names

README = Path(__file__).resolve().parents[1] / "README.md"
BEGIN, END = "<!-- systems: docs/systems_table.py -->\n", "<!-- end of systems -->\n"
HEADER = "| system | what it is | trains | imports published weights | runs |\n|---|---|---|---|---|\n"
TREE = "hiervox.models."


def table() -> str:
    """Rows of the tree's systems, by the rank of their tasks."""
    own = [card for card in SYSTEMS.values() if card.package.startswith(TREE)]
    ranks = {name: rank for rank, name in enumerate(task_names())}
    ordered = sorted(own, key=lambda card: (ranks[card.task], card.name))
    return HEADER + "".join(map(_row, ordered))


def _row(card: SystemCard) -> str:
    trained = _parts(card, "task")
    verbs = [TASKS[name].verb if name in TASKS else _verb(name) for name in (card.task, *card.capabilities)]
    runs = "`hiervox " + "`, `".join(dict.fromkeys(verbs)) + "`"
    cells = (f"`{card.name}`", card.summary, trained, _parts(card, "importer"), runs)
    return f"| {' | '.join(cells)} |\n"


def _parts(card: SystemCard, field: str) -> str:
    """Which of its parts name such a thing: `yes`, their names, or `no`."""
    named = [part.name.replace("_", " ") for part in card.parts if getattr(part, field)]
    if len(named) == len(card.parts):
        return "yes" if len(named) == 1 else ", ".join(named)
    return ", ".join(named) or "no"


def _verb(capability: str) -> str:
    return {"resynthesis": "resynthesize"}.get(capability, capability)


def with_table(page: str) -> str:
    """A page whose table between the marks is the current one."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}{table()}{END}{after}"


if __name__ == "__main__":
    README.write_text(with_table(README.read_text(encoding="utf-8")), encoding="utf-8")

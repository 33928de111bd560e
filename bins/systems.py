"""`hiervox systems`."""

from __future__ import annotations

import typer

from hiervox.models.base.registry import system_cards


def systems() -> None:
    """List the systems: name, task, trainable parts, paper."""
    header = ("name", "task", "trainable parts", "paper")
    rows = [
        (card.name, card.task, ", ".join(part.name for part in card.parts if part.task) or "none", card.paper)
        for card in system_cards().values()
    ]
    widths = [max(len(row[column]) for row in [header, *rows]) for column in range(len(header))]
    for row in [header, *rows]:
        typer.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())

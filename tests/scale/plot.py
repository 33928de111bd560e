"""The picture of what grows with a corpus."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from hiervox.utils.plots import save_figure

MEMORY = {"driver_mb": "process that trains", "worker_mb": "a worker"}
SECONDS = {
    "start_cpu_seconds": "start of training",
    "bucketing_seconds": "batches of an epoch",
    "index_seconds": "index of a manifest",
    "estimate_seconds": "a mean's interval",
}


def draw(found: Mapping[str, Mapping[str, float]], path: Path) -> None:
    """Seconds and memory over utterances.

    Args:
        found: utterances → figure → value.
        path: of the picture.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3.6), layout="constrained")
    left, right = figure.subplots(1, 2)
    for axes, names, label in ((left, SECONDS, "seconds of one core"), (right, MEMORY, "memory (MB)")):
        for name, title in names.items():
            points = [(int(count), figures[name]) for count, figures in found.items() if name in figures]
            if points:
                axes.plot(*zip(*points, strict=True), marker="o", label=title)
        axes.set(xscale="log", xlabel="utterances", ylabel=label)
        axes.legend()
        axes.grid(alpha=0.3)
    left.set_yscale("log")
    right.set_ylim(bottom=0)
    save_figure(figure, path)

"""A picture of a run's losses."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from hiervox.models.base.training.run_folder import read_metrics
from hiervox.utils.plots import curves_figure, save_figure

NO_LOSSES = ("learning_rate", "seconds", "steps_per_second", "gradient_norm")

Curve = tuple[list[int], list[float]]


def draw_curves(metrics: Path, picture: Path) -> None:
    """Draw every term of a metrics file over the steps, in training and validation.

    Raises:
        OSError: the picture can't be written.
    """
    rows, _ = read_metrics(metrics)
    curves = loss_curves(rows)
    if curves:
        save_figure(curves_figure(curves), picture)


def loss_curves(rows: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, Curve]]:
    """Term → split → steps and values."""
    curves: dict[str, dict[str, Curve]] = defaultdict(dict)
    for row in rows:
        split = str(row.get("split"))
        for name, value in row.items():
            if name in ("step", "epoch", "split") or name.split("/")[0] in NO_LOSSES:
                continue
            steps, values = curves[name].setdefault(split, ([], []))
            steps.append(row["step"])
            values.append(float(value))
    return dict(curves)

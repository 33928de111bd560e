"""Training on one batch again and again, with the step that the loop runs."""

from __future__ import annotations

from typing import Any

from hiervox.models.base.data.batch import Batch
from hiervox.models.base.training.engine import StepEngine
from hiervox.models.base.training.task import TrainingTask


def overfit(
    task: TrainingTask[Any], batch: Batch, steps: int, learning_rate: float | None = None
) -> list[dict[str, float]]:
    """The unweighted loss terms of every step, on the CPU."""
    engine = StepEngine(task, device="cpu")
    if learning_rate is not None:
        for optimizer in engine.optimizers.values():
            optimizer.param_groups[0]["lr"] = learning_rate
    history = []
    for step in range(steps):
        history.append({name: float(value) for name, value in engine.step(batch, step).items()})
    return history

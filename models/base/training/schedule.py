"""The learning rate as a pure function of how far training is, so that resuming has nothing to restore."""

from __future__ import annotations

from hiervox.models.base.config import ScheduleConfig


def learning_rate(initial: float, schedule: ScheduleConfig, step: int, epoch: int) -> float:
    """The rate for the optimizer step number `step` (from 0) in epoch number `epoch` (from 0)."""
    decays = max(0, (epoch if schedule.every == "epoch" else step) - schedule.hold)
    rate = initial * schedule.decay**decays
    if step < schedule.warmup_steps:
        rate *= (step + 1) / schedule.warmup_steps
    return rate

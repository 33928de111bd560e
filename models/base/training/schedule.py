"""The learning rate as a pure function of how far training is, so that resuming has nothing to restore."""

from __future__ import annotations

import math

from hiervox.models.base.config import NetworkTrainConfig, ScheduleConfig


def learning_rate(config: NetworkTrainConfig, step: int, epoch: int, max_steps: int) -> float:
    """A network's learning rate.

    Args:
        config: of the network.
        step: optimizer steps done; the schedule counts them from the network's first update.
        epoch: epochs done.
        max_steps: of the whole training, where a cosine ends.
    """
    first = config.first_step(max_steps)
    step = max(0, step - first)
    n_steps = max(1, max_steps - first)
    return config.optimizer.learning_rate * factor(config.schedule, step, epoch, n_steps)


def factor(schedule: ScheduleConfig, step: int, epoch: int, n_steps: int) -> float:
    """The learning rate over the initial one at optimizer step number `step` (from 0) of `n_steps`."""
    warmup = schedule.warmup_steps
    if schedule.kind == "noam":  # Attention Is All You Need (arXiv 1706.03762), section 5.3; 1 at its peak
        return min((step + 1) / warmup, math.sqrt(warmup / (step + 1)))
    rising = min(1.0, (step + 1) / warmup) if warmup else 1.0
    if schedule.kind == "exponential":
        done = epoch if schedule.every == "epoch" else step
        fallen = max(schedule.final_ratio, schedule.decay ** max(0, done - schedule.hold))
        return float(rising * fallen)
    if schedule.kind == "cosine" and step >= warmup:  # SGDR (arXiv 1608.03983), equation 5
        share = min(1.0, (step - warmup) / max(1, n_steps - warmup))
        return schedule.final_ratio + (1 - schedule.final_ratio) * (1 + math.cos(math.pi * share)) / 2
    return rising

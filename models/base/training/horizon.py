"""Where a training ends: after a number of steps, or when a budget of time is spent.

With a budget, every schedule ends when the budget does, however long a step takes. What was spent is read
every few steps and written to the run folder as (step, seconds). A schedule sees those records alone, so
that steps that a resumed run repeats are the same steps again.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import torch
from accelerate import Accelerator

from hiervox.models.base.config import TrainConfig
from hiervox.models.base.training.run_folder import BUDGET_NAME, read_metrics
from hiervox.utils.errors import ConfigError

RECORD_EVERY = 10
"""Steps between two records."""


class Horizon:
    """How many steps a training has, as far as is known, and whether it is over.

    Args:
        train: `max_steps` and `budget_seconds`.
        folder: of the run.
        accelerator: of the processes that train together; on CPUs their times add up.
        clock: seconds; None for the processor's on a CPU, and for those that pass on other devices.

    Raises:
        ConfigError: a budget of processor time, and `train.workers`, whose time could not be read.
    """

    def __init__(
        self,
        train: TrainConfig,
        folder: Path,
        accelerator: Accelerator,
        clock: Callable[[], float] | None = None,
    ) -> None:
        self.max_steps = train.max_steps
        self.budget = train.budget_seconds
        self._path = folder / BUDGET_NAME
        self._accelerator = accelerator
        on_cpu = accelerator.device.type == "cpu"
        if self.budget is not None and on_cpu and train.workers:
            raise ConfigError(
                "train.budget_seconds counts this process's processor time alone", "set train.workers to 0"
            )
        self._clock = clock or (time.process_time if on_cpu else time.perf_counter)
        self._share = 1 if on_cpu else accelerator.num_processes
        self._records: dict[int, float] = {}
        self._last = (0, 0.0)
        self._running = 0.0
        self._began = self._clock()

    def resume(self, step: int) -> None:
        """Go on at a step, with the records that were made before it and after it."""
        if self.budget is None:
            return
        rows = read_metrics(self._path)[0] if self._path.exists() else []
        self._records = {int(row["step"]): float(row["seconds"]) for row in rows}
        known = [number for number in self._records if number <= step]
        self._last = (max(known), self._records[max(known)]) if known else (0, 0.0)
        self.restart_clock()

    @property
    def seconds(self) -> float:
        """Spent up to the last record."""
        return self._last[1]

    def steps(self) -> int:
        """Steps in all: `max_steps`, or what the budget allows at the pace so far."""
        step, seconds = self._last
        if self.budget is None or not seconds:
            return self.max_steps
        return min(self.max_steps, max(step, round(step * self.budget / seconds)))

    def is_over(self, step: int) -> bool:
        """Whether no step is to follow."""
        return step >= self.max_steps or (self.budget is not None and self.seconds >= self.budget)

    def note(self, step: int, save: bool = False) -> None:
        """Count the time up to the end of a step.

        Args:
            step: optimizer steps done.
            save: whether a checkpoint is to be written, which needs a record of its own.
        """
        if self.budget is None or (step % RECORD_EVERY and not save) or step == self._last[0]:
            return
        self._stop_clock()
        if step not in self._records:
            spent = torch.tensor(self._running, dtype=torch.float64, device=self._accelerator.device)
            total = self._accelerator.reduce(spent, "sum").item() / self._share
            self._records[step] = round(self._last[1] + total, 3)
            if self._accelerator.is_main_process:
                with self._path.open("a", encoding="utf-8") as stream:
                    stream.write(json.dumps({"step": step, "seconds": self._records[step]}) + "\n")
        self._running = 0.0
        self._last = (step, self._records[step])

    def _stop_clock(self) -> None:
        now = self._clock()
        self._running += now - self._began
        self._began = now

    def pause(self) -> None:
        """What follows, validation and saving, is no training time."""
        self._stop_clock()

    def restart_clock(self) -> None:
        """Training goes on."""
        self._began = self._clock()

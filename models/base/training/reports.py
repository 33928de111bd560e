"""What a training writes down: terms by step, in a file and in trackers."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import torch
from accelerate import Accelerator
from torch import Tensor

from hiervox.models.base.training.curves import draw_curves
from hiervox.models.base.training.run_folder import (
    CURVES_NAME,
    LOGS_NAME,
    METRICS_NAME,
    Progress,
    RunFolder,
)
from hiervox.models.base.training.task import Media
from hiervox.models.base.training.trackers import Trackers
from hiervox.utils.logging import get_logger

DRAW_SECONDS = 60.0

_log = get_logger("train")


class Reports:
    """The log of one run; only the main process writes.

    Args:
        folder: of the run.
        accelerator: of the processes that train together.
    """

    def __init__(self, folder: RunFolder, accelerator: Accelerator) -> None:
        self.folder = folder
        self.accelerator = accelerator
        self._trackers: Trackers | None = None
        self._sums: dict[str, Tensor] = {}
        self._counts: Counter[str] = Counter()
        self._began_at = 0.0
        self._began_step = 0
        self._drawn_at = time.monotonic()

    def open(self, step: int) -> None:
        """Begin to write, after so many steps.

        Raises:
            ConfigError: a tracker is not installed, or can't be reached.
        """
        self.restart_clock(step)
        if self.accelerator.is_main_process:
            experiment, path = self.folder.experiment, self.folder.path
            self._trackers = Trackers(
                experiment.train.trackers,
                path / LOGS_NAME,
                experiment.model_dump(mode="json"),
                Path(str(self.folder)).resolve().name,
                step,
            )

    def close(self) -> None:
        """Draw the curves and end."""
        if self._trackers is not None:
            self._trackers.close()
            self.draw()

    def draw_now_and_then(self) -> None:
        """Draw the losses so far, once a minute at most."""
        if self._trackers is not None and time.monotonic() - self._drawn_at > DRAW_SECONDS:
            self.draw()

    def draw(self) -> None:
        """Draw the losses so far, if any; a picture that can't be written does not end a training."""
        self._drawn_at = time.monotonic()
        metrics = self.folder.path / METRICS_NAME
        if not metrics.exists():
            return
        try:
            draw_curves(metrics, self.folder.path / CURVES_NAME)
        except OSError as error:
            _log.warning("no curves of the losses: %s", error)

    def collect(self, terms: Mapping[str, Tensor]) -> None:
        """Count the terms of one batch in."""
        for name, value in terms.items():
            self._sums[name] = self._sums[name] + value if name in self._sums else value
        self._counts.update(terms.keys())  # a phase that is left out has no terms

    def take_means(self) -> dict[str, float]:
        """The means over batches and processes since the last call."""
        means = self.mean_over_processes(
            {name: value / self._counts[name] for name, value in self._sums.items()}
        )
        self._sums, self._counts = {}, Counter()
        return means

    def mean_over_processes(self, values: Mapping[str, Tensor]) -> dict[str, float]:
        """The means of scalars that every process has."""
        if not values:
            return {}
        stacked = self.accelerator.reduce(torch.stack([value.float() for value in values.values()]), "mean")
        return dict(zip(values, stacked.tolist(), strict=True))

    def timing(self, step: int) -> dict[str, float]:
        """Seconds since the clock was restarted, and steps in each."""
        seconds = time.perf_counter() - self._began_at
        return {"seconds": seconds, "steps_per_second": (step - self._began_step) / seconds}

    def restart_clock(self, step: int) -> None:
        """Time from now on."""
        self._began_at, self._began_step = time.perf_counter(), step

    def write(self, split: str, values: Mapping[str, float], progress: Progress) -> None:
        """Write values of a split."""
        if self._trackers is None:
            return
        self._trackers.log({f"{split}/{name}": value for name, value in values.items()}, progress.step)
        self.folder.log({"step": progress.step, "epoch": progress.epoch, "split": split, **values})

    def show(self, media: Media, step: int) -> None:
        """Write sounds and pictures."""
        if self._trackers is not None:
            self._trackers.show(media, step)

    @property
    def writes(self) -> bool:
        """Whether this process writes."""
        return self._trackers is not None

"""The learning rate as a pure function of how far training is, so that resuming has nothing to restore.

A schedule is a class here, or in another package an entry point of the group `hiervox.schedules`.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from hiervox.utils.registry import Registry, classes_of
from hiervox.utils.schema import Config

if TYPE_CHECKING:
    from hiervox.models.base.config import NetworkTrainConfig, ScheduleConfig


@dataclass(frozen=True)
class Place:
    """How far a network's training is.

    Attributes:
        step: optimizer steps done, from the network's first update on.
        epoch: epochs done.
        n_steps: of the whole training, from that update on.
    """

    step: int
    epoch: int
    n_steps: int


class Schedule(ABC):
    """A learning rate over time, over the initial one.

    Args:
        config: the section; `Settings` are read from its `settings`.

    Attributes:
        name: as `schedule.kind` calls it.
        Settings: its keys beside those of `ScheduleConfig`.
        ends_with_training: whether it depends on the number of steps, so that a run can't be made longer.
    """

    name: ClassVar[str]
    Settings: ClassVar[type[Config]] = Config
    ends_with_training: ClassVar[bool] = False

    def __init__(self, config: ScheduleConfig) -> None:
        self.config = config
        self.settings: Any = self.Settings.model_validate(config.settings)

    @abstractmethod
    def factor(self, place: Place) -> float:
        """The learning rate at a place, over the initial one."""

    def rising(self, step: int) -> float:
        """The linear warm-up, from over 0 to 1."""
        warmup = self.config.warmup_steps
        return min(1.0, (step + 1) / warmup) if warmup else 1.0


class Constant(Schedule):
    """Warms up, and stays."""

    name = "constant"

    def factor(self, place: Place) -> float:
        """See `Schedule`."""
        return self.rising(place.step)


class Exponential(Schedule):
    """Multiplied by `decay` once every `interval` epochs or steps, after `hold` of them."""

    name = "exponential"

    def factor(self, place: Place) -> float:
        """See `Schedule`."""
        config = self.config
        done = place.epoch if config.every == "epoch" else place.step
        times = max(0, done - config.hold) // config.interval
        return float(self.rising(place.step) * max(config.final_ratio, config.decay**times))


class Falling(Schedule):
    """Warms up, and falls to `final_ratio` of the initial rate until the end."""

    ends_with_training = True

    def factor(self, place: Place) -> float:
        """See `Schedule`."""
        warmup, last = self.config.warmup_steps, self.config.final_ratio
        if place.step < warmup:
            return self.rising(place.step)
        share = min(1.0, (place.step - warmup) / max(1, place.n_steps - warmup))
        return last + (1 - last) * self.left(share)

    @abstractmethod
    def left(self, share: float) -> float:
        """From 1 to 0, by the share of the training behind the warm-up that is done."""


class Cosine(Falling):
    """SGDR (arXiv 1608.03983), equation 5."""

    name = "cosine"

    def left(self, share: float) -> float:
        """See `Falling`."""
        return (1 + math.cos(math.pi * share)) / 2


class Linear(Falling):
    """In equal steps."""

    name = "linear"

    def left(self, share: float) -> float:
        """See `Falling`."""
        return 1 - share


class Noam(Schedule):
    """Attention Is All You Need (arXiv 1706.03762), section 5.3; 1 at its peak."""

    name = "noam"

    def __init__(self, config: ScheduleConfig) -> None:
        super().__init__(config)
        if config.warmup_steps == 0:
            raise ValueError("a noam schedule needs warmup_steps of at least 1")

    def factor(self, place: Place) -> float:
        """See `Schedule`."""
        warmup = self.config.warmup_steps
        return min((place.step + 1) / warmup, math.sqrt(warmup / (place.step + 1)))


SCHEDULES: Registry[type[Schedule]] = Registry(
    "schedule", "hiervox.schedules", "hiervox.models.base.training", "schedule.py", classes_of(Schedule)
)


def build_schedule(config: ScheduleConfig) -> Schedule:
    """The schedule that a section describes.

    Raises:
        ConfigError: there is none of that kind; names the nearest.
        ValueError: its settings can't be used.
    """
    return SCHEDULES.named(config.kind)(config)


def learning_rate(config: NetworkTrainConfig, step: int, epoch: int, max_steps: int) -> float:
    """A network's learning rate.

    Args:
        config: of the network.
        step: optimizer steps done; the schedule counts them from the network's first update.
        epoch: epochs done.
        max_steps: of the whole training, where a cosine ends.
    """
    first = config.first_step(max_steps)
    place = Place(max(0, step - first), epoch, max(1, max_steps - first))
    return config.optimizer.learning_rate * build_schedule(config.schedule).factor(place)

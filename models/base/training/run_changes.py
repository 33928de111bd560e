"""What differs between the config that a run was made with and the one that it is resumed with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hiervox.models.base.config import ExperimentConfig
from hiervox.models.base.training.freezing import covers
from hiervox.models.base.training.schedule import build_schedule
from hiervox.utils.errors import ConfigError, shortened

HARMLESS = (
    "out_dir",
    "data.stream.cache_gb",
    "data.stream.cache_dir",
    "train.max_steps",
    "train.log_every",
    "train.validate_every",
    "train.validation_batches",
    "train.save_every",
    "train.keep_last",
    "train.keep_best",
    "train.workers",
    "train.trackers",
    "train.gradient_checkpointing",
)
"""Keys that no weight depends on."""
NEVER = ("system", "part")

Change = tuple[Any, Any]


def changed_keys(then: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, Change]:
    """Dotted keys whose values differ between two trees, with both values; None where a key is not there."""
    changes: dict[str, Change] = {}
    for key in [*then, *(key for key in now if key not in then)]:
        before, after = then.get(key), now.get(key)
        if isinstance(before, Mapping) and isinstance(after, Mapping):
            inner = changed_keys(before, after)
            changes.update({f"{key}.{name}": change for name, change in inner.items()})
        elif before != after:
            changes[key] = (before, after)
    return changes


def described(changes: Mapping[str, Change]) -> str:
    """The changes for a message."""
    return ", ".join(
        f"{key} was {shortened(before)} and is {shortened(after)}" for key, (before, after) in changes.items()
    )


def require_exact(
    changes: Mapping[str, Change], experiment: ExperimentConfig, allowed: Sequence[str]
) -> None:
    """Refuse changes with which the run would go on otherwise than it began.

    Args:
        changes: as `changed_keys` returns them.
        experiment: the present config.
        allowed: keys, or sections, that may change nevertheless.

    Raises:
        ConfigError: naming each such key with both values.
    """
    own = {key: change for key, change in changes.items() if key in NEVER}
    if own:
        raise ConfigError(f"the run is of another network: {described(own)}", "set another out_dir")
    harmless = [key for key in HARMLESS if key != "train.max_steps" or not _ends_with_max_steps(experiment)]
    breaking = {
        key: change
        for key, change in changes.items()
        if key not in harmless and not any(covers(prefix, key) for prefix in allowed)
    }
    if breaking:
        options = " ".join(f"--allow-change {key}" for key in breaking)
        raise ConfigError(
            f"the run was made with another config: {described(breaking)}",
            f"set what it was, or go on otherwise than it began with {options}",
        )


def _ends_with_max_steps(experiment: ExperimentConfig) -> bool:
    train = experiment.train
    schedules = [train.schedule, *(network.schedule for network in train.networks.values())]
    return any(build_schedule(schedule).ends_with_training for schedule in schedules)

"""The metrics: files of `evaluation/metrics/`, and the entry-point group `hiervox.metrics`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hiervox.evaluation.metric import Context, Metric
from hiervox.utils.config import OVERRIDE_SOURCE, Layered, parse_override, validate
from hiervox.utils.errors import ConfigError, DependencyError
from hiervox.utils.registry import Registry, classes_of, nearest

ALL = "all"
"""Stands for every metric that can run here."""

METRICS: Registry[type[Metric]] = Registry(
    "metric", "hiervox.metrics", "hiervox.evaluation.metrics", "*.py", classes_of(Metric), reserved=[ALL]
)


def build_metrics(
    names: Sequence[str], context: Context, overrides: Sequence[str] = ()
) -> tuple[list[Metric], dict[str, str]]:
    """The metrics called `names`, loaded and ready, in that order.

    Args:
        names: of metrics; `all` alone is every metric that can run here.
        context: device, language and recogniser.
        overrides: `NAME.KEY=VALUE` each.

    Returns:
        The metrics, and name → reason of those that `all` had to leave out.

    Raises:
        ConfigError: no such metric or setting; names the nearest.
        DependencyError: a metric that was asked for by name can't run.
    """
    everything = list(names) == [ALL]
    wanted = list(METRICS) if everything else list(dict.fromkeys(names))
    if not wanted:
        raise ConfigError("no metrics", f"name some of {', '.join(METRICS)}, or {ALL}")
    built = [METRICS[name](context, config) for name, config in _configs(wanted, overrides).items()]
    ready, left_out = [], {}
    for metric in built:
        try:
            metric.prepare()
            ready.append(metric)
        except DependencyError as error:
            if not everything:
                raise
            left_out[metric.name] = str(error)
    return ready, left_out


def _configs(wanted: Sequence[str], overrides: Sequence[str]) -> dict[str, Any]:
    schemas = {name: METRICS.named(name).Settings for name in wanted}
    layers: dict[str, Layered] = {name: Layered() for name in wanted}
    for override in overrides:
        for name, tree in parse_override(override).items():
            if name not in METRICS:
                raise ConfigError(f"no metric {name!r} in --set {override}", nearest(name, METRICS))
            if name not in layers:
                raise ConfigError(
                    f"--set {override} changes a metric that does not run", "add it to --metrics"
                )
            if not isinstance(tree, dict):
                raise ConfigError(f"--set {override} names no key", f"write --set {name}.KEY=VALUE")
            layers[name].merge(tree, OVERRIDE_SOURCE)
    return {name: validate(layered, schemas[name]) for name, layered in layers.items()}

"""Finding metrics: files of `evaluation/metrics/` and the entry-point group `hiervox.metrics`."""

from __future__ import annotations

import inspect
import pkgutil
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any

from hiervox.evaluation import metrics
from hiervox.evaluation.metric import Context, Metric
from hiervox.utils.config import OVERRIDE_SOURCE, Layered, parse_override, validate
from hiervox.utils.errors import ConfigError, DependencyError
from hiervox.utils.logging import get_logger
from hiervox.utils.registry import nearest

ENTRY_POINT_GROUP = "hiervox.metrics"
ALL = "all"

_log = get_logger("evaluate")


@lru_cache(maxsize=1)
def metric_classes() -> Mapping[str, type[Metric]]:
    """All metrics by name: those of the tree, then those of installed packages.

    A metric outside the tree that can't be loaded is logged and left out, so that it can't break the others.

    Raises:
        ConfigError: two metrics have one name.
    """
    found: dict[str, type[Metric]] = {}
    for module in sorted(pkgutil.iter_modules(metrics.__path__), key=lambda entry: entry.name):
        name = f"{metrics.__name__}.{module.name}"
        for _, member in inspect.getmembers(import_module(name), inspect.isclass):
            if member.__module__ == name and issubclass(member, Metric) and not inspect.isabstract(member):
                _add(found, member)
    for point in entry_points(group=ENTRY_POINT_GROUP):
        try:
            member = point.load()
        except Exception as error:
            _log.warning("left out metric %s of %s: %s", point.name, point.value, error)
            continue
        _add(found, member)
    return found


def _add(found: dict[str, type[Metric]], metric: type[Metric]) -> None:
    if metric.name in found:
        raise ConfigError(f"two metrics are called {metric.name!r}", "rename or uninstall one")
    if metric.name == ALL:
        raise ConfigError(f"a metric is called {ALL!r}", "rename it: that name stands for all metrics")
    found[metric.name] = metric


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
    classes = metric_classes()
    everything = list(names) == [ALL]
    wanted = list(classes) if everything else list(dict.fromkeys(names))
    for name in wanted:
        if name not in classes:
            raise ConfigError(f"no metric {name!r}", nearest(name, classes))
    if not wanted:
        raise ConfigError("no metrics", f"name some of {', '.join(classes)}, or {ALL}")
    built = [classes[name](context, config) for name, config in _configs(wanted, overrides).items()]
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
    classes = metric_classes()
    layers: dict[str, Layered] = {name: Layered() for name in wanted}
    for override in overrides:
        for name, tree in parse_override(override).items():
            if name not in classes:
                raise ConfigError(f"no metric {name!r} in --set {override}", nearest(name, classes))
            if name not in layers:
                raise ConfigError(
                    f"--set {override} changes a metric that does not run", "add it to --metrics"
                )
            if not isinstance(tree, dict):
                raise ConfigError(f"--set {override} names no key", f"write --set {name}.KEY=VALUE")
            layers[name].merge(tree, OVERRIDE_SOURCE)
    return {name: validate(layered, classes[name].Settings) for name, layered in layers.items()}

"""Everything that installed packages can bring."""

from __future__ import annotations

from typing import Any

from hiervox.utils.registry import Registry


def registries() -> list[Registry[Any]]:
    """The registry of each kind."""
    from hiervox.bins.verbs import VERBS
    from hiervox.evaluation.registry import METRICS
    from hiervox.models.base.data.feature_registry import FEATURES
    from hiervox.models.base.registry import SYSTEMS
    from hiervox.models.base.tasks import TASKS
    from hiervox.models.base.training.discriminators import DISCRIMINATORS

    return [VERBS, TASKS, SYSTEMS, FEATURES, METRICS, DISCRIMINATORS]

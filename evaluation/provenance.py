"""Which software a run used."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version

from hiervox.evaluation.metric import Metric

ALWAYS = ("hiervox", "torch", "torchaudio", "numpy", "scipy", "librosa", "soundfile", "pyworld-prebuilt")


def versions(metrics: Sequence[Metric]) -> dict[str, str]:
    """Package → version: what every run uses, and what the metrics ask for."""
    names = dict.fromkeys([*ALWAYS, *(package for metric in metrics for package in metric.requires.values())])
    found = {"python": platform.python_version()}
    for name in names:
        try:
            found[name] = version(name)
        except PackageNotFoundError:  # run from a checkout
            continue
    return found

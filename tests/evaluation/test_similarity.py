from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import brentq

from hiervox.evaluation.similarity import equal_error_rate


def test_error_rate_by_hand() -> None:
    """One of four targets lies under one of four impostors: a quarter of either is wrong."""
    assert equal_error_rate(np.array([0.9, 0.8, 0.7, 0.3]), np.array([0.4, 0.2, 0.1, 0.0])) == pytest.approx(
        0.25
    )
    assert equal_error_rate(np.array([0.9, 0.8]), np.array([0.1, 0.2])) == 0
    assert equal_error_rate(np.array([0.1, 0.2]), np.array([0.8, 0.9])) == 1
    assert np.isnan(equal_error_rate(np.array([0.1]), np.array([])))


def test_error_rate_agrees_with_scikit_learn() -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(0)
    targets, impostors = rng.normal(0.7, 0.2, 300), rng.normal(0.3, 0.2, 700)
    accepted, hits, _ = metrics.roc_curve(np.repeat([1, 0], [300, 700]), np.concatenate([targets, impostors]))
    expected = brentq(lambda rate: 1 - rate - np.interp(rate, accepted, hits), 0, 1)
    assert equal_error_rate(targets, impostors) == pytest.approx(expected, abs=2e-3)

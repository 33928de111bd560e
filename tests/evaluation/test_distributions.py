from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import sqrtm

from hiervox.evaluation.distributions import frechet_distance, inception_score, paired_divergence


def test_frechet_distance_agrees_with_the_matrix_square_root() -> None:
    rng = np.random.default_rng(0)
    first = rng.normal(size=(200, 6)) @ rng.normal(size=(6, 6)) + 1
    second = rng.normal(size=(150, 6)) @ rng.normal(size=(6, 6))
    one, other = np.cov(first.T), np.cov(second.T)
    mean = first.mean(axis=0) - second.mean(axis=0)
    expected = mean @ mean + np.trace(one + other - 2 * sqrtm(one @ other).real)
    assert frechet_distance(first, second) == pytest.approx(expected, rel=1e-9)


def test_frechet_distance_by_hand() -> None:
    """One dimension: (m1 - m2)² + (s1 - s2)²."""
    first, second = np.array([[0.0], [2.0]]), np.array([[3.0], [7.0]])
    assert frechet_distance(first, second) == pytest.approx((1 - 5) ** 2 + (np.sqrt(2) - np.sqrt(8)) ** 2)


def test_frechet_distance_of_a_set_from_itself_is_zero_with_fewer_vectors_than_dimensions() -> None:
    vectors = np.random.default_rng(0).normal(size=(5, 20)).astype(np.float32)
    assert frechet_distance(vectors, vectors) == pytest.approx(0, abs=1e-6)
    assert np.isnan(frechet_distance(vectors[:1], vectors))


def test_inception_score_by_hand() -> None:
    """One class each, all different: as many as there are classes; all alike: one."""
    assert inception_score(np.eye(5)) == pytest.approx(5)
    assert inception_score(np.full((4, 5), 0.2)) == pytest.approx(1)


def test_divergence_by_hand() -> None:
    target, found = np.array([0.5, 0.5]), np.array([0.9, 0.1])
    assert paired_divergence(target, found) == pytest.approx(
        0.5 * np.log(0.5 / 0.9) + 0.5 * np.log(0.5 / 0.1)
    )
    assert paired_divergence(target, target) == 0

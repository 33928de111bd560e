"""Distances between sets: Fréchet distance, inception score, divergence of paired class probabilities."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
LEAST_PROBABILITY = 1e-12


def frechet_distance(first: NDArray[np.floating], second: NDArray[np.floating]) -> float:
    """The squared Fréchet distance of the normal distributions fitted to two sets of vectors.

    |m1 - m2|² + tr(S1 + S2 - 2 (S1 S2)^½) (Heusel et al., arXiv 1706.08500, equation 6; of sounds, Kilgour
    et al., arXiv 1812.08466).

    Args:
        first, second: (N, D) and (M, D).

    Returns:
        NaN where a set has fewer than two vectors.
    """
    if min(len(first), len(second)) < 2:
        return float("nan")
    mean = first.astype(np.float64).mean(axis=0) - second.astype(np.float64).mean(axis=0)
    one, other = (
        np.cov(vectors.astype(np.float64), rowvar=False).reshape(2 * (vectors.shape[1],))
        for vectors in (first, second)
    )
    root = _square_root(one)
    # the eigenvalues of S1 S2 are those of the symmetric S1^½ S2 S1^½
    eigenvalues = np.linalg.eigvalsh(root @ other @ root)
    cross = float(np.sqrt(np.maximum(eigenvalues, 0)).sum())
    return max(0.0, float(mean @ mean + np.trace(one) + np.trace(other) - 2 * cross))


def _square_root(matrix: Matrix) -> Matrix:
    """Of a positive semi-definite symmetric matrix."""
    eigenvalues, vectors = np.linalg.eigh(matrix)
    root: Matrix = (vectors * np.sqrt(np.maximum(eigenvalues, 0))) @ vectors.T
    return root


def inception_score(probabilities: NDArray[np.floating]) -> float:
    """exp of the mean divergence of each row from the mean row (Salimans et al., arXiv 1606.03498).

    Args:
        probabilities: (N, C), each row summing to 1.
    """
    rows = np.maximum(probabilities.astype(np.float64), LEAST_PROBABILITY)
    return float(np.exp((rows * np.log(rows / rows.mean(axis=0))).sum(axis=1).mean()))


def paired_divergence(reference: NDArray[np.floating], generated: NDArray[np.floating]) -> float:
    """Kullback-Leibler divergence of class probabilities (C,) from the reference's, in nats."""
    target, found = (
        np.maximum(values.astype(np.float64), LEAST_PROBABILITY) for values in (reference, generated)
    )
    return float((target * np.log(target / found)).sum())

"""Numbers for sines and cosines in float32, of which kernels for CPUs and GPUs make their own constants."""

from __future__ import annotations

SINE = (9.99999977e-01, -1.66666476e-01, 8.33289982e-03, -1.98008977e-04, 2.59048835e-06)
"""Coefficients of the odd powers: a minimax fit over [-π/2, π/2], with an error of 3e-9."""
COSINE = (1.0, -4.99999994e-01, 4.16666363e-02, -1.38883614e-03, 2.47601613e-05, -2.60514940e-07)
"""Of the even powers, likewise, with an error of 2e-10. Both errors are below float32's own rounding."""
ROUNDER = 12582912.0
"""1.5 · 2²³: adding and subtracting it rounds a float32 to a whole number."""

from __future__ import annotations

import numpy as np
import pytest

from hiervox.evaluation.metrics.energy import EnergyCorrelation, compare_energy, energy_contour
from tests.evaluation.rows import pair, scored
from tests.evaluation.sounds import SAMPLE_RATE, melody


def test_level_of_a_sine_and_of_silence() -> None:
    sine = np.sin(2 * np.pi * 400 * np.arange(SAMPLE_RATE) / SAMPLE_RATE).astype(np.float32)
    # a full-scale sine has an RMS of 1/√2, -3.01 dB; 400 Hz has whole periods in 25 ms
    assert energy_contour(sine, SAMPLE_RATE)[10:90] == pytest.approx(-3.0103, abs=1e-3)
    assert energy_contour(np.zeros(SAMPLE_RATE, np.float32), SAMPLE_RATE) == pytest.approx(-80)


def test_figures_by_hand() -> None:
    figures = compare_energy(np.array([-10.0, -20.0, -30.0]), np.array([-13.0, -23.0, -33.0]))
    assert figures == pytest.approx({"energy_rmse": 3.0, "energy_pearson": 1.0})
    assert set(compare_energy(np.zeros(3), np.array([1.0, 2.0, 3.0]))) == {"energy_rmse"}


def test_half_the_amplitude_is_six_decibel(tmp_path) -> None:
    scores = scored(EnergyCorrelation(), pair(tmp_path, 0.5 * melody(seconds=1), melody(seconds=1)))
    assert scores["energy_rmse"] == pytest.approx(6.02, abs=0.2)
    assert scores["energy_pearson"] == pytest.approx(1.0, abs=0.01)

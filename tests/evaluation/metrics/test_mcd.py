from __future__ import annotations

import math

import numpy as np
import pytest

from hiervox.evaluation.mel_cepstrum import mel_cepstra, warp_cepstra, warped_frequency, warping
from hiervox.evaluation.metrics.mcd import MelCepstralDistortion, distortion, warped_distortion
from tests.evaluation.rows import number, pair, scored
from tests.evaluation.sounds import SAMPLE_RATE, melody


@pytest.mark.parametrize(
    ("rate", "constant"),
    [(8000, 0.312), (11025, 0.357), (16000, 0.41), (22050, 0.455), (44100, 0.544), (48000, 0.554)],
)
def test_warping_is_that_of_the_published_table(rate: int, constant: float) -> None:
    """Values of pysptk.util.mcepalpha's documentation."""
    assert warping(rate) == pytest.approx(constant, abs=0.0015)


def test_warped_cepstra_are_the_same_spectrum_at_the_warped_frequencies() -> None:
    """The sum of c(m) cos(m w) stays when w goes where the all-pass filter puts it."""
    rng = np.random.default_rng(0)
    cepstra = rng.normal(size=(3, 20)) * 0.7 ** np.arange(20)
    omega, alpha = np.linspace(0, np.pi, 50), 0.41
    warped = warp_cepstra(cepstra, alpha, order=300)
    plain = cepstra @ np.cos(np.outer(np.arange(20), omega))
    moved = warped @ np.cos(np.outer(np.arange(301), warped_frequency(omega, alpha)))
    assert moved == pytest.approx(plain, abs=1e-8)


def test_cepstra_rebuild_the_envelope() -> None:
    """Order 24 keeps most of a log envelope: what is missing deviates by less than an eighth of it."""
    import pyworld

    wav = melody(seconds=0.5).astype(np.float64)
    coarse, times = pyworld.dio(wav, SAMPLE_RATE, frame_period=5.0)
    envelope = pyworld.cheaptrick(wav, pyworld.stonemask(wav, coarse, times, SAMPLE_RATE), times, SAMPLE_RATE)
    omega = np.linspace(0, np.pi, envelope.shape[1])
    cepstra = mel_cepstra(wav.astype(np.float32), SAMPLE_RATE)
    angles = np.outer(np.arange(25), warped_frequency(omega, warping(SAMPLE_RATE)))
    logarithm = np.log(envelope) / 2
    assert (cepstra @ np.cos(angles) - logarithm)[30:-30].std() < logarithm[30:-30].std() / 8


def test_distortion_by_hand() -> None:
    """One coefficient differs by 1: 10 √2 / ln 10 dB; the level does not count."""
    cepstra = np.zeros((4, 25))
    other = cepstra.copy()
    other[:, 3] = 1.0
    other[:, 0] = 5.0
    assert distortion(cepstra, other) == pytest.approx(10 * math.sqrt(2) / math.log(10))


def test_warping_in_time_follows_a_slower_copy() -> None:
    cepstra = np.random.default_rng(0).normal(size=(30, 25))
    slower = np.repeat(cepstra, 2, axis=0)
    assert warped_distortion(slower, cepstra) == pytest.approx(0)


def test_without_warping_only_one_length_is_compared(tmp_path) -> None:
    same = scored(MelCepstralDistortion(), pair(tmp_path, melody(scale=1.1, seconds=1), melody(seconds=1)))
    assert 0 < number(same, "mcd_dtw") <= number(same, "mcd") < 12
    longer = scored(
        MelCepstralDistortion(), pair(tmp_path, melody(seconds=1, stretch=1.4), melody(seconds=1))
    )
    assert set(longer) == {"mcd_dtw"}

from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError
from scipy.signal import freqz_sos, welch

from hiervox.processors.perturbation import (
    PerturbationConfig,
    VoiceShift,
    draw_equalizer,
    draw_voice_shift,
    equalize,
    peaking_section,
    perturb,
    shelf_section,
    shift_voice,
)
from hiervox.processors.pitch import PitchConfig, extract_f0
from hiervox.utils.errors import AudioError
from tests.processors.test_pitch import vowel

RATE = 16000
CONFIG = PerturbationConfig()


def gain_at(section: np.ndarray, hertz: float) -> float:
    """dB of one second-order section at a frequency."""
    _, response = freqz_sos(section[None], np.array([hertz]), fs=RATE)
    return float(20 * np.log10(np.abs(response[0])))


def median_f0(wav: np.ndarray) -> float:
    f0 = extract_f0(wav, RATE, PitchConfig(method="dio"), "wav")
    return float(np.median(f0[f0 > 0]))


def glide() -> np.ndarray:
    """A voice that rises from 120 to 200 Hz."""
    hertz = np.linspace(120, 200, RATE * 2)
    pulses = (np.diff(np.floor(np.cumsum(hertz) / RATE), prepend=0) > 0).astype(float)
    wav = np.convolve(pulses, np.exp(-np.arange(80) / 10) * np.cos(np.arange(80) * 0.3))[: len(pulses)]
    return 0.5 * wav / np.abs(wav).max()


def test_a_seed_decides_the_result() -> None:
    wav = vowel()
    first, again, other = (perturb(wav, RATE, np.random.default_rng(seed), CONFIG) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("samples", [500, 900, 12345, 31000])
def test_length_stays_and_the_peak_is_safe(samples: int) -> None:
    wav = np.resize(vowel()[1600:-1600] * 1.9, samples)
    for seed in range(8):
        result = perturb(wav, RATE, np.random.default_rng(seed), CONFIG)
        assert (result.shape, result.dtype) == ((samples,), np.float32)
        assert np.isfinite(result).all()
        assert 0.01 < np.abs(result).max() <= 0.9991


@pytest.mark.parametrize("ratio", [0.6, 1.5])
def test_pitch_shift_moves_the_median(ratio: float) -> None:
    wav = vowel(180.0)
    shifted = shift_voice(wav, RATE, VoiceShift(1.0, ratio, 1.0), CONFIG)
    assert median_f0(shifted) == pytest.approx(ratio * median_f0(wav), rel=0.03)


def test_pitch_range_stretches_about_the_median() -> None:
    def spread(wav: np.ndarray) -> float:
        f0 = extract_f0(wav, RATE, PitchConfig(method="dio"), "wav")
        return float(np.subtract(*np.percentile(f0[f0 > 0], [80, 20])))

    wav = glide()
    for ratio in (0.67, 1.5):
        stretched = shift_voice(wav, RATE, VoiceShift(1.0, 1.0, ratio), CONFIG)
        assert spread(stretched) == pytest.approx(ratio * spread(wav), rel=0.15)
        assert median_f0(stretched) == pytest.approx(median_f0(wav), rel=0.05)


@pytest.mark.parametrize("ratio", [0.75, 1.35])
def test_formant_shift_moves_the_resonance_and_not_the_pitch(ratio: float) -> None:
    def resonance(wav: np.ndarray) -> float:
        frequencies, power = welch(wav, RATE, nperseg=256)  # coarse enough to blur the harmonics
        near = power > power.max() / 4
        return float((frequencies * power)[near].sum() / power[near].sum())

    wav = vowel(120.0)
    shifted = shift_voice(wav, RATE, VoiceShift(ratio, 1.0, 1.0), CONFIG)
    assert resonance(shifted) == pytest.approx(ratio * 700, rel=0.08)
    assert median_f0(shifted) == pytest.approx(120, rel=0.03)


def test_stretching_the_range_too_far_still_ends() -> None:
    shifted = shift_voice(glide(), RATE, VoiceShift(1.0, 0.5, 50.0), CONFIG)
    assert shifted.shape == glide().shape and np.isfinite(shifted).all()


def test_an_unvoiced_recording_is_perturbed_without_a_warning(recwarn: pytest.WarningsRecorder) -> None:
    hiss = 0.1 * np.random.default_rng(0).standard_normal(RATE)
    assert perturb(hiss, RATE, np.random.default_rng(0), CONFIG).shape == hiss.shape
    assert not recwarn.list


@pytest.mark.parametrize("gain", [-12.0, 6.0])
@pytest.mark.parametrize("quality", [2.0, 5.0])
def test_a_peaking_filter_has_its_gain_and_width(gain: float, quality: float) -> None:
    section = peaking_section(1000.0, gain, quality, RATE)
    assert gain_at(section, 1000.0) == pytest.approx(gain, abs=1e-6)
    assert gain_at(section, 1e-3) == pytest.approx(0, abs=1e-6)
    assert gain_at(section, RATE / 2) == pytest.approx(0, abs=1e-6)
    # By the bilinear transform the analogue peak, (s² + sA/Q + 1) / (s² + s/(AQ) + 1), is met at tan's ratio.
    amplitude = 10 ** (gain / 40)
    s = 1j * np.tan(np.pi * 1300 / RATE) / np.tan(np.pi * 1000 / RATE)
    analogue = (s**2 + s * amplitude / quality + 1) / (s**2 + s / (amplitude * quality) + 1)
    assert gain_at(section, 1300.0) == pytest.approx(20 * np.log10(abs(analogue)), abs=1e-6)


@pytest.mark.parametrize("high", [False, True])
@pytest.mark.parametrize("gain", [-12.0, 6.0])
def test_a_shelf_has_its_gain_on_its_side(gain: float, high: bool) -> None:
    section = shelf_section(1000.0, gain, RATE, high)
    lowest, highest = (0.0, gain) if high else (gain, 0.0)
    assert gain_at(section, 1e-3) == pytest.approx(lowest, abs=1e-4)
    assert gain_at(section, 1000.0) == pytest.approx(gain / 2, abs=1e-6)
    assert gain_at(section, RATE / 2) == pytest.approx(highest, abs=1e-4)


def test_the_equaliser_changes_a_tone_by_its_response() -> None:
    tone = 0.1 * np.sin(2 * np.pi * 1000 / RATE * np.arange(RATE) + 0.3)
    sections = draw_equalizer(RATE, np.random.default_rng(3), CONFIG)
    assert sections.shape == (10, 6)
    settled = equalize(tone, sections)[RATE // 2 :]
    measured = 20 * np.log10(settled.std() / tone.std())
    expected = sum(gain_at(section, 1000.0) for section in sections)
    assert abs(expected) > 1
    assert measured == pytest.approx(expected, abs=0.01)


def test_draws_keep_to_their_ranges_on_both_sides_of_one() -> None:
    rng = np.random.default_rng(0)
    shifts = [draw_voice_shift(rng, CONFIG) for _ in range(400)]
    for values, limit in (
        ([shift.formants for shift in shifts], 1.4),
        ([shift.pitch for shift in shifts], 2.0),
        ([shift.pitch_range for shift in shifts], 1.5),
    ):
        assert 1 / limit <= min(values) < 1 / limit + 0.05
        assert limit - 0.05 < max(values) <= limit
        assert 0.4 < np.mean(np.array(values) > 1) < 0.6


def test_refuses_silence_nan_and_ranges_the_wrong_way_round() -> None:
    for wav in (np.zeros(RATE), np.full(RATE, np.nan)):
        with pytest.raises(AudioError):
            perturb(wav, RATE, np.random.default_rng(0), CONFIG)
    with pytest.raises(ValidationError, match="eq_quality"):
        PerturbationConfig(eq_quality=(5.0, 2.0))

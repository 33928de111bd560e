"""A voice as another microphone would record it."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

from hiervox.processors.recording_conditions import (
    RecordingConditionsConfig,
    impulse_response,
    noise,
    rerecord,
)

RATE = 16_000
UNCHANGED = {"equalizer_chance": 0.0, "room_chance": 0.0, "noise_chance": 0.0}


def tone() -> np.ndarray:
    """A second of a 300 Hz tone, then half a second of silence."""
    time = np.arange(RATE) / RATE
    return np.pad(0.3 * np.sin(2 * np.pi * 300 * time), (0, RATE // 2)).astype(np.float32)


def level(wav: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(wav))))


def changed(seed: int = 0, **conditions: object) -> np.ndarray:
    config = RecordingConditionsConfig.model_validate({**UNCHANGED, **conditions})
    return rerecord(tone(), RATE, np.random.default_rng(seed), config)


def test_nothing_is_changed_by_chances_of_nought() -> None:
    np.testing.assert_allclose(changed(), tone(), atol=1e-6)


def test_noise_is_as_far_below_as_asked() -> None:
    noise = changed(noise_chance=1, noise_ratio=(20, 20)) - tone()
    assert 20 * np.log10(level(tone()) / level(noise)) == pytest.approx(20, abs=0.5)


@pytest.mark.parametrize("exponent", [0, 1, 2])
def test_noise_falls_with_its_exponent(exponent: int) -> None:
    made = noise(64 * RATE, RATE, exponent, np.random.default_rng(0))
    assert level(made) == pytest.approx(1, rel=1e-2)
    power = np.square(np.abs(np.fft.rfft(made)))
    low, high = power[64 * 200 : 64 * 400].mean(), power[64 * 2000 : 64 * 4000].mean()
    assert 10 * np.log10(low / high) == pytest.approx(10 * exponent, abs=0.2)


def test_a_room_goes_on_after_the_sound() -> None:
    rung = changed(room_chance=1, room_seconds=(0.3, 0.3), room_ratio=(5, 5))
    ends = rung[RATE : RATE + 800], rung[RATE + 6000 :]
    assert level(ends[0]) > 10 * level(ends[1]) > 0
    assert level(rung) == pytest.approx(level(tone()), rel=1e-3)


def test_an_impulse_response_keeps_its_ratio_and_time() -> None:
    response = impulse_response(RATE, 0.3, 10.0, np.random.default_rng(0))
    energy = np.square(response[1:]).sum()
    assert -10 * np.log10(energy) == pytest.approx(10, abs=0.1)
    early, late = np.square(response[1:1601]).sum(), np.square(response[1601:3201]).sum()
    assert 10 * np.log10(early / late) == pytest.approx(20, abs=2)  # 0.1 s at 60 dB in 0.3 s


def test_equalisers_differ_and_follow_the_seed() -> None:
    one, again, other = (changed(seed, equalizer_chance=1) for seed in (0, 0, 1))
    np.testing.assert_array_equal(one, again)
    assert np.abs(one - tone()).max() > 1e-3 and np.abs(one - other).max() > 1e-3
    assert one.shape == tone().shape and one.dtype == np.float32


def test_ranges_the_wrong_way_round_are_refused() -> None:
    with pytest.raises(ValidationError, match="noise_ratio is the wrong way round"):
        RecordingConditionsConfig(noise_ratio=(40, 20))

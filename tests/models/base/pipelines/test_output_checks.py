"""Tests of `hiervox.models.base.pipelines.output_checks`."""

from __future__ import annotations

import numpy as np
import pytest

from hiervox.models.base.pipelines.output_checks import check_durations, check_sound, severity
from hiervox.processors.audio import Waveform

RATE = 16_000
SILENT = [True, False] * 12 + [True]  # blanks between twelve sounds


def durations(blank: int = 1, sound: int = 3) -> list[int]:
    return [blank if silent else sound for silent in SILENT]


def noise(seconds: float = 1.0, level: float = 0.1) -> Waveform:
    return np.random.default_rng(0).normal(0, level, round(seconds * RATE)).astype(np.float32)


def test_speech_passes() -> None:
    assert check_durations(durations(), SILENT, rate=50, speed=1.0) == []
    assert check_sound(noise(), RATE, speed=1.0) == []


def test_what_will_be_scaled_is_not_clipped_over_full_scale() -> None:
    loud = noise(level=0.8)
    (issue,) = check_sound(loud, RATE, speed=1.0)
    assert "is clipped in" in issue.problem
    assert check_sound(loud, RATE, speed=1.0, scaled=True) == []
    cut = noise(level=3.0).clip(-2, 2)
    assert "is clipped in" in check_sound(cut, RATE, speed=1.0, scaled=True)[0].problem


def test_a_few_quick_sounds_pass() -> None:
    assert check_durations([1, 1, 1], [True, False, True], rate=50, speed=1.0) == []


@pytest.mark.parametrize(
    ("frames", "speed", "problem"),
    [
        (durations(1, 1), 1.0, "sounds a second"),
        (durations(12, 10), 1.0, "lasts"),
        ([*durations()[:8], 70, *durations()[9:]], 1.0, "pauses for 1.4 s"),
        ([*durations()[:8], 40, *durations()[9:]], 2.0, "pauses for 0.8 s"),
    ],
)
def test_unlikely_durations_are_named(frames: list[int], speed: float, problem: str) -> None:
    issues = check_durations(frames, SILENT, rate=50, speed=speed)
    assert any(problem in fault.problem for fault in issues)
    assert all(fault.severity > 1 and not fault.fatal for fault in issues)


def test_the_speed_that_was_asked_for_is_no_fault() -> None:
    fast, slow = durations(1, 1), durations(9, 9)
    assert check_durations(fast, SILENT, rate=50, speed=2.0) == []
    assert check_durations(slow, SILENT, rate=50, speed=0.5) == []
    assert check_durations(slow, SILENT, rate=50, speed=1.0) != []


def test_long_blanks_at_the_ends_are_no_pause_within() -> None:
    frames = [70, *durations()[1:-1], 70]
    assert not any("pauses" in fault.problem for fault in check_durations(frames, SILENT, 50, 1.0))


def test_a_silence_within_the_sound_is_named() -> None:
    wav = np.concatenate([noise(0.5), np.zeros(3 * RATE, np.float32), noise(0.5)])
    (fault,) = check_sound(wav, RATE, speed=1.0)
    assert fault.problem == "pauses for 3.0 s"
    assert not check_sound(wav[: 3 * RATE], RATE, speed=1.0)  # at the end


@pytest.mark.parametrize(
    ("wav", "problem", "fatal"),
    [
        (np.full(RATE, np.nan, np.float32), "NaN", True),
        (np.zeros(RATE, np.float32), "silent", True),
        (noise(level=1e-3), "dBFS", False),
        (np.sign(noise()), "clipped", False),
    ],
)
def test_bad_sound_is_named(wav: Waveform, problem: str, fatal: bool) -> None:
    (fault,) = check_sound(wav, RATE, speed=1.0)
    assert problem in fault.problem and fault.fatal is fatal and fault.severity > 1


def test_badness_compares_attempts() -> None:
    longer, shorter = (
        check_durations([*durations()[:8], blank, *durations()[9:]], SILENT, 50, 1.0) for blank in (90, 70)
    )
    assert severity(longer) > severity(shorter) > severity([]) == 0

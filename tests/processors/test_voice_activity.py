"""Tests of `hiervox.processors.voice_activity`."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

from hiervox.processors.audio import read_audio
from hiervox.processors.voice_activity import measure_voice
from tests.conftest import REPOSITORY

RATE = 16000
TIME = np.arange(4 * RATE) / RATE
NOISE = np.random.default_rng(0).normal(0, 0.1, TIME.size)


def impulses(period: int) -> np.ndarray:
    wav = np.zeros(TIME.size)
    wav[::period] = 0.9
    return wav


NO_SPEECH = {
    "tone": 0.3 * np.sin(2 * np.pi * 220 * TIME),
    "chord": sum(0.1 * np.sin(2 * np.pi * hertz * TIME) for hertz in (220, 277, 330)),
    "tone that swells": 0.15 * np.sin(2 * np.pi * 220 * TIME) * (1 + np.sin(2 * np.pi * 3 * TIME)),
    "sweep": 0.3 * np.sin(2 * np.pi * (100 * TIME + 300 * TIME**2)),
    "beeps": 0.3 * np.sin(2 * np.pi * 440 * TIME) * ((2 * TIME) % 1 < 0.3),
    "hum": 0.2 * np.sign(np.sin(2 * np.pi * 50 * TIME)),
    "white noise": NOISE,
    "bursts of noise": NOISE * (np.sin(2 * np.pi * 4 * TIME) > 0),
    "DC": 0.3 + NOISE / 1000,
    "pure DC": np.full(TIME.size, 0.3),
    "silence": np.zeros(TIME.size),
    "clicks": impulses(4000),
    "one click": impulses(TIME.size),
    "pulses": impulses(160),
}


@pytest.mark.parametrize("name", NO_SPEECH)
def test_what_is_no_speech_is_doubted(name: str) -> None:
    assert measure_voice(NO_SPEECH[name].astype(np.float32)).doubt is not None


@pytest.mark.parametrize("seconds", [0.5, 1.0, 5.0])
def test_speech_is_not_doubted(seconds: float) -> None:
    prompts = sorted(Path(REPOSITORY, "pretrained/box/prompts").glob("*.flac"))
    assert prompts
    for prompt in prompts:
        wav, _ = read_audio(prompt, RATE)
        start = RATE // 2
        assert measure_voice(wav[start : start + int(seconds * RATE)]).doubt is None, prompt.name


def test_half_a_minute_takes_a_moment_and_a_few_samples_are_taken() -> None:
    began = time.perf_counter()
    measure_voice(np.tile(NOISE, 8).astype(np.float32))
    assert time.perf_counter() - began < 2
    assert measure_voice(np.ones(10, np.float32)).doubt is not None

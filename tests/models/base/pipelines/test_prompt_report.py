from __future__ import annotations

import numpy as np

from hiervox.models.base.pipelines.prompt_report import report_prompt
from hiervox.processors.pitch import PitchConfig
from tests.models.tts.hierspeechpp.tiny_bundle import SAMPLE_RATE, voice

PITCH = PitchConfig(method="dio")


def with_pauses(seconds: float, noise: float) -> np.ndarray:
    wav = voice(seconds)
    wav[: wav.size // 3] = 0
    rng = np.random.default_rng(0)
    return (wav + noise * rng.standard_normal(wav.size)).astype(np.float32)


def test_a_good_prompt_needs_no_advice() -> None:
    report = report_prompt(with_pauses(4.0, 1e-4), SAMPLE_RATE, "it", PITCH)
    assert report.seconds == 4 and 0.5 < report.voiced < 0.75 and report.clipped == 0
    assert report.signal_to_noise > 40
    assert report.advice == [] and str(report).startswith("4.0 s, -")


def test_a_bad_prompt_gets_some() -> None:
    wav = with_pauses(1.0, 0.05)
    wav[8000:8100] = 1.0
    advice = " ".join(report_prompt(wav, SAMPLE_RATE, "it", PITCH).advice)
    assert "--replicate" in advice and "clipped" in advice and "--denoise-ratio" in advice
    rustle = np.random.default_rng(0).standard_normal(64000).astype(np.float32) * 0.003
    report = report_prompt(rustle, SAMPLE_RATE, "it", PITCH)
    assert "is it speech?" in " ".join(report.advice) and "quiet" in " ".join(report.advice)

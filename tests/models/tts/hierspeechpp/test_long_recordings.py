"""Recordings over 30 s: the same as in one piece, but for what global attention sees."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from hiervox.models.base.pipelines import segments
from hiervox.models.base.pipelines.loading import load
from hiervox.models.base.pipelines.speech_pipeline import SpeechPipeline
from hiervox.models.tts.hierspeechpp import conversion
from hiervox.models.tts.hierspeechpp.controls import HierSpeechControls
from hiervox.processors.audio import PAD_MULTIPLE, SAMPLE_RATE
from tests.models.tts.hierspeechpp.tiny_bundle import voice, write_tiny_bundle

STILL = HierSpeechControls(noise_scale=0, scaling="none")


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory) -> SpeechPipeline[HierSpeechControls]:
    return load(write_tiny_bundle(tmp_path_factory.mktemp("bundle")), device="cpu")


@pytest.fixture
def source() -> np.ndarray:
    time = np.arange(int(7.3 * SAMPLE_RATE)) / SAMPLE_RATE
    return voice(7.3, f0=110) * (0.6 + 0.4 * np.sin(5 * time)).astype(np.float32)


@pytest.fixture
def in_short_segments(monkeypatch) -> None:
    """As if 3 s were long."""
    cut = int(1.5 * SAMPLE_RATE) // PAD_MULTIPLE * PAD_MULTIPLE
    monkeypatch.setattr(segments, "LONGEST_SECONDS", 3.0)
    monkeypatch.setattr(segments, "LATEST_CUT", 2 * cut)
    monkeypatch.setattr(segments, "EARLIEST_CUT", cut)


def test_resynthesis_and_heard_pitch_are_those_of_the_whole(pipeline, source, request) -> None:
    whole = pipeline.resynthesize((source, SAMPLE_RATE), STILL)
    heard = pipeline.f0((source, SAMPLE_RATE), STILL)
    request.getfixturevalue("in_short_segments")
    assert len(segments.plan_segments(source)) > 2
    parts = pipeline.resynthesize((source, SAMPLE_RATE), STILL)
    np.testing.assert_allclose(parts.wav, whole.wav, atol=1e-4)
    np.testing.assert_allclose(pipeline.f0((source, SAMPLE_RATE), STILL), heard, rtol=1e-3)


def test_a_long_source_is_converted_whole(pipeline, source, in_short_segments, monkeypatch) -> None:
    """The pitch is moved by statistics of all of it, and nothing is lost or doubled."""
    extractor = Loudness(pipeline.synthesizer.networks.synthesizer.config.semantic_channels)
    monkeypatch.setitem(pipeline.synthesizer.networks.__dict__, "source_extractor", extractor)
    prompt = pipeline.voice((voice(1.0, f0=200), SAMPLE_RATE))
    speech = pipeline.vc((source, SAMPLE_RATE), prompt, STILL)
    assert len(extractor.seen) > 2
    assert speech.wav.size == (source.size // PAD_MULTIPLE + 1) * PAD_MULTIPLE
    assert speech.f0.size == speech.wav.size // conversion.SAMPLES_PER_F0
    voiced = speech.f0[speech.f0 > 0]
    assert voiced.mean() == pytest.approx(prompt.pitch.mean, rel=1e-3)
    assert voiced.std() == pytest.approx(prompt.pitch.standard_deviation, rel=1e-3)
    assert np.isfinite(speech.wav).all()


class Loudness:
    """Stands for a semantic encoder: the level of each frame."""

    def __init__(self, channels: int) -> None:
        self.channels = channels
        self.seen: list[int] = []

    def extract(self, wav: torch.Tensor) -> torch.Tensor:
        self.seen.append(wav.shape[-1])
        assert wav.shape[-1] <= 3 * SAMPLE_RATE + PAD_MULTIPLE + 2 * SAMPLE_RATE
        return wav.view(1, 1, -1, 320).square().mean(-1).expand(-1, self.channels, -1)

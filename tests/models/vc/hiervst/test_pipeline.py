"""Conversion with a tiny HierVST."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import hiervox
from hiervox.models.base.pipelines.protocols import VoiceConversion
from hiervox.utils.errors import CheckpointError, ConfigError
from tests.models.tts.hierspeechpp.tiny_bundle import SAMPLE_RATE, voice
from tests.models.vc.hiervst.tiny_hiervst import write_hiervst

SOURCE, PROMPT = (voice(0.7, f0=120), SAMPLE_RATE), (voice(1.0, f0=200), SAMPLE_RATE)


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return hiervox.load(write_hiervst(tmp_path_factory.mktemp("hiervst") / "model"), device="cpu")


def test_it_converts_by_style_seed_and_noise(pipeline: Any) -> None:
    assert isinstance(pipeline, VoiceConversion)
    still = pipeline.controls(noise_scale=0)
    plain = pipeline.vc(SOURCE, PROMPT, still)
    assert plain.rate == SAMPLE_RATE and plain.f0 is None
    assert len(plain.wav) == -(-len(SOURCE[0]) // 1280) * 1280 and np.isfinite(plain.wav).all()
    again = pipeline.vc(SOURCE, PROMPT, pipeline.controls(noise_scale=0, seed=5))
    np.testing.assert_array_equal(plain.wav, again.wav)
    for other in (
        pipeline.vc(SOURCE, PROMPT, pipeline.controls(noise_scale=1.0)),
        pipeline.vc(SOURCE, (0.3 * voice(1.2, f0=90), SAMPLE_RATE), still),
    ):
        assert np.abs(other.wav - plain.wav).max() > 1e-4


def test_text_and_curves_are_refused(pipeline: Any) -> None:
    with pytest.raises(CheckpointError, match="reads no text"):
        pipeline.tts("Hello.", PROMPT)
    with pytest.raises(ConfigError, match="no pitch that can be set"):
        pipeline.vc(SOURCE, PROMPT, f0=np.full(100, 120.0, np.float32))
    with pytest.raises(ConfigError, match="no control 'semitones'"):
        pipeline.controls(semitones=2)

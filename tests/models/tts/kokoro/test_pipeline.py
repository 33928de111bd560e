"""Tests of `hiervox.models.tts.kokoro.pipeline` at a tiny size."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import hiervox
from hiervox.models.base.pipelines.protocols import TextToSpeech
from hiervox.models.base.pipelines.voice import Voice, mix_voices
from hiervox.models.tts.kokoro.controls import KokoroControls
from hiervox.utils.errors import CheckpointError, ConfigError
from tests.models.tts.kokoro.tiny_kokoro import write_kokoro

PLAIN = KokoroControls(scaling="none")


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("kokoro") / "model"
    write_kokoro(folder)
    return hiervox.load(folder, device="cpu")


def test_it_speaks_in_its_voices_and_in_mixtures(pipeline: Any) -> None:
    assert isinstance(pipeline, TextToSpeech)
    ada = pipeline.tts("Hello there. And again!", "ada", PLAIN)
    assert ada.rate == 24_000 and np.isfinite(ada.wav).all() and len(ada.sentences) == 2
    bob = pipeline.tts("Hello there. And again!", "bob", PLAIN)
    both = mix_voices([pipeline.voice("ada"), pipeline.voice("bob")], [1, 1])
    mixed = pipeline.tts("Hello there. And again!", both, PLAIN)
    assert len({each.wav.tobytes() for each in (ada, bob, mixed)}) == 3
    assert np.array_equal(pipeline.tts("Hello there. And again!", "ada", PLAIN).wav, ada.wav)


def test_a_frame_is_25_ms_and_durations_add_up(pipeline: Any) -> None:
    speech = pipeline.tts("Hello there.", "ada", PLAIN)
    (sentence,) = speech.sentences
    assert sum(sentence.durations) * 600 == sentence.wav.size + sentence.trimmed
    assert sentence.f0 is not None and abs(sentence.f0.size / 200 - sentence.wav.size / 24_000) < 0.02


def test_streams_and_batches_give_what_single_texts_give(pipeline: Any) -> None:
    wav = pipeline.tts("Hello there.", "bob", PLAIN).wav
    np.testing.assert_allclose(
        np.concatenate(list(pipeline.tts_stream("Hello there.", "bob", PLAIN))), wav, atol=1e-5
    )
    batch = pipeline.tts_batch(["Hello there.", "A longer text of words."], ["bob", "ada"], PLAIN)
    np.testing.assert_allclose(batch[0].wav, wav, atol=1e-5)


def test_speed_pitch_and_a_curve_do_what_they_say(pipeline: Any) -> None:
    plain = pipeline.tts("Hello there.", "ada", PLAIN)
    fast = pipeline.tts("Hello there.", "ada", KokoroControls(speed=2.0, scaling="none"))
    assert fast.wav.size < plain.wav.size
    high = pipeline.tts("Hello there.", "ada", KokoroControls(semitones=12.0, scaling="none"))
    voiced = plain.sentences[0].f0 > 0
    ratio = high.sentences[0].f0[voiced] / plain.sentences[0].f0[voiced]
    np.testing.assert_allclose(ratio, 2.0, rtol=1e-3)
    given = pipeline.tts("Hello there.", "ada", PLAIN, f0=np.full(100, 220, np.float32))
    np.testing.assert_allclose(given.sentences[0].f0, 220, rtol=1e-3)


def test_prompts_and_foreign_voices_are_refused(pipeline: Any) -> None:
    recording = np.random.default_rng(0).normal(0, 0.1, 24_000).astype(np.float32), 24_000
    with pytest.raises(ConfigError, match="takes no recordings"):
        pipeline.tts("Hello.", recording)
    wrong = Voice({"styles": torch.zeros(3, 4)}, pipeline.voice("ada").model)
    with pytest.raises(CheckpointError, match="no styles of this model"):
        pipeline.voices.check(wrong, "mine")

"""Tests of `hiervox.models.tts.fastspeech2.pipeline` at a tiny size, with Griffin-Lim."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hiervox
from hiervox.models.base.checkpoints.checkpoint import save_weights
from hiervox.models.base.pipelines.protocols import TextToSpeech
from hiervox.models.base.pipelines.voice import mix_voices
from hiervox.models.tts.fastspeech2.controls import FastSpeech2Controls
from hiervox.models.tts.fastspeech2.pipeline import FastSpeech2Acoustic
from hiervox.utils.errors import CheckpointError
from tests.models.tts.fastspeech2.tiny_fastspeech2 import MEL, sizes, tiny_fastspeech2

FRAME = {"pitch": {"level": "frame"}, "energy": {"level": "frame"}}


def write_tiny(folder: Path, voice: str = "none", **model: Any) -> None:
    """A checkpoint of a tiny network."""
    network = tiny_fastspeech2(voice, **model)
    folder.mkdir(parents=True, exist_ok=True)
    tree = {"system": "fastspeech2", "part": "acoustic", "model": sizes(voice, **model), "mel": MEL}
    save_weights(folder, network.state_dict(), tree)


def _pipeline(folder: Path, voice: str = "none", **model: Any) -> Any:
    write_tiny(folder, voice, **model)
    return hiervox.load(folder, device="cpu")


def _acoustic(pipeline: Any, text: str = "Hello there.", f0: Any = None, **controls: Any) -> Any:
    sequence = replace(pipeline.read(text)[0], f0=f0)
    return pipeline.synthesizer.acoustic([(sequence, pipeline.voice())], FastSpeech2Controls(**controls))[0]


def test_it_speaks(tmp_path: Path) -> None:
    pipeline = _pipeline(tmp_path)
    assert isinstance(pipeline.synthesizer.acoustic_model, FastSpeech2Acoustic) and isinstance(
        pipeline, TextToSpeech
    )
    speech = pipeline.tts("Hello there. And again!")
    assert speech.rate == 22_050 and np.isfinite(speech.wav).all() and np.abs(speech.wav).max() > 0.5
    first = speech.sentences[0]
    assert len(first.durations) == len(first.sequence.tokens)
    assert speech.f0 is not None and speech.f0.max() > 100


def test_batches_are_what_single_texts_are(tmp_path: Path) -> None:
    pipeline = _pipeline(tmp_path)
    items = [(one, pipeline.voice()) for one in pipeline.read("Hello there, all of you. Bye!")]
    both = pipeline.synthesizer.acoustic(items, FastSpeech2Controls())
    for item, together in zip(items, both, strict=True):
        alone = pipeline.synthesizer.acoustic([item], FastSpeech2Controls())[0]
        np.testing.assert_allclose(together.features, alone.features, atol=1e-4)


def test_speed_and_markup_set_durations(tmp_path: Path) -> None:
    pipeline = _pipeline(tmp_path)
    frames = {speed: sum(_acoustic(pipeline, speed=speed).durations) for speed in (0.5, 1.0, 2.0)}
    assert frames[0.5] == pytest.approx(2 * frames[1.0], rel=0.1)
    assert frames[2.0] == pytest.approx(frames[1.0] / 2, rel=0.1)
    slow = _acoustic(pipeline, '<speak><prosody rate="50%">Hello there.</prosody></speak>')
    assert sum(slow.durations) == pytest.approx(frames[0.5], rel=0.05)


@pytest.mark.parametrize("model", [{}, FRAME], ids=["token", "frame"])
def test_pitch_moves_by_semitones_and_follows_a_curve(tmp_path: Path, model: dict[str, Any]) -> None:
    pipeline = _pipeline(tmp_path, **model)
    plain = _acoustic(pipeline)
    raised = _acoustic(pipeline, semitones=12)
    np.testing.assert_allclose(raised.f0, 2 * plain.f0, rtol=0.02)
    flat = _acoustic(pipeline, pitch_range=0)
    assert flat.f0[flat.f0 > 0].std() < 1 < plain.f0.std()
    given = _acoustic(pipeline, f0=np.full(77, 150.0, np.float32))
    np.testing.assert_allclose(given.f0, 150, atol=1)
    for changed in (raised, flat, given):
        assert np.abs(changed.features - plain.features).max() > 1e-3


def test_energy_is_its_own_control(tmp_path: Path) -> None:
    pipeline = _pipeline(tmp_path)
    plain, louder = _acoustic(pipeline), _acoustic(pipeline, energy=2)
    np.testing.assert_array_equal(louder.f0, plain.f0)
    assert np.abs(louder.features - plain.features).max() > 1e-3


def test_speakers_have_voices_that_mix(tmp_path: Path) -> None:
    pipeline = _pipeline(tmp_path, voice="table")
    assert pipeline.speakers == ("ada", "bob")
    voices = [pipeline.voice(name) for name in pipeline.speakers]
    sequence = pipeline.read("Hello.")[0]
    mels = [
        pipeline.synthesizer.acoustic([(sequence, voice)], FastSpeech2Controls())[0].features
        for voice in (*voices, mix_voices(voices, (0.5, 0.5)))
    ]
    assert not any(mels[0].shape == other.shape and np.allclose(mels[0], other) for other in mels[1:])


def test_a_model_of_other_symbols_is_refused(tmp_path: Path) -> None:
    write_tiny(tmp_path, n_symbols=361)
    with pytest.raises(CheckpointError, match="361 symbols"):
        hiervox.load(tmp_path, device="cpu")


def test_a_reference_gives_any_voice(tmp_path: Path) -> None:
    pipeline = _pipeline(tmp_path, voice="reference")
    noise = np.random.default_rng(0).normal(0, 0.1, 22_050).astype(np.float32)
    speech = pipeline.tts("Hello.", (noise, 22_050))
    assert np.abs(speech.wav).max() > 0.5

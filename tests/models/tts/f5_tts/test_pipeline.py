"""Tests of `hiervox.models.tts.f5_tts.pipeline` at a tiny size."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch

import hiervox
from hiervox.models.base.pipelines.protocols import TextToSpeech
from hiervox.models.base.pipelines.voice import Voice
from hiervox.models.tts.f5_tts.controls import F5TtsControls
from hiervox.models.tts.f5_tts.pipeline import F5Synthesizer
from hiervox.models.tts.f5_tts.voices import F5Voices, cropped
from hiervox.processors.mel_presets import mel_preset
from hiervox.processors.recognizer import Recognizer
from hiervox.utils.errors import AudioError, CheckpointError, ConfigError, DependencyError, TextError
from tests.models.tts.f5_tts.tiny_f5_tts import HOP_LENGTH, RATE, write_f5_tts
from tests.models.tts.hierspeechpp.tiny_bundle import voice

PROMPT = np.repeat(voice(0.8, f0=180), 3)[::2].copy(), RATE
QUICK = F5TtsControls(prompt_text="Yes, it is so.", steps=2, scaling="none")


@pytest.fixture(scope="module", params=[False, True], ids=["phonemes", "written"])
def pipeline(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("f5_tts") / "model"
    write_f5_tts(folder, request.param)
    return hiervox.load(folder, device="cpu")


def spoken(pipeline: Any, wav: Any = PROMPT[0]) -> Voice:
    """The voice of a prompt, whose pitch nobody looks at."""
    return Voice(pipeline.voices.encode(wav, "the prompt"), pipeline.fingerprint)


def test_it_speaks_like_a_prompt(pipeline: Any) -> None:
    assert isinstance(pipeline, TextToSpeech) and isinstance(pipeline.synthesizer, F5Synthesizer)
    speech = pipeline.tts("Hello there, again.", PROMPT, QUICK)
    assert speech.rate == RATE and np.isfinite(speech.wav).all()
    own = pipeline.voice(PROMPT)
    streamed = np.concatenate(list(pipeline.tts_stream("Hello there, again.", own, QUICK)))
    np.testing.assert_allclose(streamed, speech.wav, atol=1e-5)
    hasty = pipeline.tts("Hello there, again.", own, QUICK.model_copy(update={"speed": 2.0}))
    assert hasty.wav.size == pytest.approx(speech.wav.size / 2, abs=2 * HOP_LENGTH)
    exact = pipeline.tts("Hello there, again.", own, QUICK.model_copy(update={"seconds": 1.5}))
    assert exact.wav.size == pytest.approx(1.5 * RATE, abs=2 * HOP_LENGTH)
    for other in ({"guidance": 0.0}, {"sway": 0.0}, {"solver": "midpoint"}, {"seed": 2}):
        made = pipeline.tts("Hello there, again.", own, QUICK.model_copy(update=other))
        assert made.wav.shape == speech.wav.shape and not np.allclose(made.wav, speech.wav, atol=1e-4)


def test_batches_give_what_single_texts_give(pipeline: Any) -> None:
    texts, voices = ["Hello there.", "A longer text."], [spoken(pipeline), spoken(pipeline, 4 * PROMPT[0])]
    batch = pipeline.tts_batch(texts, voices, QUICK)
    for text, own, made in zip(texts, voices, batch, strict=True):
        np.testing.assert_allclose(made.wav, pipeline.tts(text, own, QUICK).wav, atol=1e-4)
    items = [
        item
        for text, own in zip(texts, voices, strict=True)
        for item in pipeline.items(pipeline.read(text), own)
    ]
    together = pipeline.synthesizer.acoustic(items, QUICK)
    for item, made in zip(items, together, strict=True):
        (alone,) = pipeline.synthesizer.acoustic([item], QUICK)
        np.testing.assert_allclose(made.features.mels[0], alone.features.mels[0], atol=1e-4)


def test_long_sentences_are_made_in_parts(pipeline: Any) -> None:
    text = "one and two and three, " * 8 + "four."
    (item,) = pipeline.items(pipeline.read(text), spoken(pipeline))
    slow = QUICK.model_copy(update={"speed": 0.4, "steps": 1, "guidance": 0.0})
    (made,) = pipeline.synthesizer.acoustic([item], slow)
    assert len(made.features.mels) > 1
    (wav,) = pipeline.synthesizer.decode([made], [item[1]], slow)
    whole = sum(mel.shape[1] - 1 for mel in made.features.mels) * HOP_LENGTH
    overlap = round(slow.cross_fade * RATE) * (len(made.features.mels) - 1)
    assert wav.size == pytest.approx(whole - overlap, abs=HOP_LENGTH * len(made.features.mels))
    streamed = np.concatenate(list(pipeline.synthesizer.decode_stream(made, item[1], slow)))
    np.testing.assert_array_equal(streamed, wav)


def test_texts_that_cannot_be_read_are_refused(pipeline: Any) -> None:
    own = spoken(pipeline)
    with pytest.raises(TextError):
        pipeline.tts("...", own, QUICK)
    with pytest.raises(TextError, match="no prompt says over"):
        pipeline.tts("Hello.", own, QUICK.model_copy(update={"prompt_text": "word " * 2000}))
    with pytest.raises(ConfigError, match="neither repeated nor mixed"):
        pipeline.voice(PROMPT, denoise_ratio=0.5)
    if pipeline.synthesizer.reader.reads_written:
        with pytest.raises(TextError, match="reads no IPA"):
            pipeline.tts("[[həlˈoʊ]]", own, QUICK)


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Sizes of what Whisper hears, which is always the same."""
    sizes: list[int] = []
    monkeypatch.setattr(Recognizer, "transcribe", lambda self, wav: sizes.append(wav.size) or " So it is.")
    yield sizes


def test_the_text_of_a_prompt_is_given_beside_it_or_recognised(
    pipeline: Any, tmp_path: Path, heard: list[int]
) -> None:
    unknown = QUICK.model_copy(update={"prompt_text": None})
    file = tmp_path / "prompt.wav"
    soundfile.write(file, *PROMPT)
    own = pipeline.voice(file)
    recognised = pipeline.voices.prompt(own, unknown)
    assert pipeline.voices.prompt(own, unknown).text == recognised.text
    assert len(heard) == 1 and heard[0] == pytest.approx(PROMPT[0].size * 2 / 3, rel=0.05)
    said = pipeline.voices.prompt(own, QUICK.model_copy(update={"prompt_text": "So it is."}))
    assert said.text == recognised.text and torch.equal(said.mel, recognised.mel)
    (tmp_path / "prompt.txt").write_text("Yes, it is so.", encoding="utf-8")
    beside = pipeline.voices.prompt(pipeline.voice(file), unknown)
    assert beside.text == pipeline.voices.prompt(own, QUICK).text != said.text and len(heard) == 1


def test_prompts_of_no_use_are_one_line(
    pipeline: Any, heard: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    unknown = QUICK.model_copy(update={"prompt_text": None})
    prompt = pipeline.voices.prompt
    long = spoken(pipeline, np.tile(PROMPT[0], 27))
    with pytest.raises(AudioError, match=r"the prompt lasts 2\d.\d s"):
        prompt(long, QUICK)
    assert 6 < prompt(long, unknown).seconds < 12
    monkeypatch.setattr(Recognizer, "transcribe", lambda self, wav: " ...")
    with pytest.raises(TextError, match="no word is heard"):
        prompt(spoken(pipeline, 0.7 * PROMPT[0]), unknown)

    def missing(self: Recognizer, wav: object) -> str:
        raise DependencyError("faster-whisper is not installed", "pip install faster-whisper")

    monkeypatch.setattr(Recognizer, "transcribe", missing)
    with pytest.raises(DependencyError, match="and faster-whisper is not installed") as caught:
        prompt(spoken(pipeline, 0.6 * PROMPT[0]), unknown)
    assert "set prompt_text, or write it into a .txt file" in str(caught.value.hint)


def test_a_voice_is_its_recording_at_full_band(pipeline: Any) -> None:
    voices = pipeline.voices
    assert isinstance(voices, F5Voices)
    made = pipeline.voice(PROMPT)
    assert made.tensors["recording"].numel() == pytest.approx(PROMPT[0].size, rel=0.05)
    voices.check(made, "anna")
    wav = made.tensors["recording"]
    for tensors in ({}, {"recording": wav[:9]}, {"recording": wav.double()}, {"recording": wav, "text": wav}):
        with pytest.raises(CheckpointError, match="anna"):
            voices.check(replace(made, tensors=tensors), "anna")
    with pytest.raises(ConfigError, match="no speaker"):
        voices.speaker("eve")


def test_a_vocoder_that_has_heard_quieter_frames_is_taken(tmp_path: Path) -> None:
    write_f5_tts(tmp_path)
    vocoder = hiervox.load(tmp_path / "vocoder", "vocoder", device="cpu")
    mel = mel_preset("vocos").model_copy(update={"n_mels": 10})
    vocoder.require_mel(mel.model_copy(update={"floor": 1e-5}))
    with pytest.raises(ConfigError, match="floor 1e-07 against 1e-09"):
        vocoder.require_mel(mel.model_copy(update={"floor": 1e-9}))


def test_a_long_prompt_ends_in_a_pause() -> None:
    wav = np.random.default_rng(0).normal(0, 0.1, 1600 * 150).astype(np.float32)
    wav[1600 * 80 : 1600 * 82] *= 0.01
    assert cropped(wav, 16_000).size == pytest.approx(1600 * 81, abs=1600)
    assert cropped(wav[: 16_000 * 11], 16_000).size == 16_000 * 11


def test_quiet_prompts_give_quiet_speech(pipeline: Any) -> None:
    controls = QUICK.model_copy(update={"steps": 1})
    voices = [spoken(pipeline, np.float32(gain) * PROMPT[0]) for gain in (0.1, 0.2)]
    quiet, loud = (pipeline.tts("Hello.", own, controls).wav for own in voices)
    np.testing.assert_allclose(2 * quiet, loud, atol=2e-3 * float(np.abs(loud).max()))

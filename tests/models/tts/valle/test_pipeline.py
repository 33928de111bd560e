"""Tests of `hiervox.models.tts.valle.pipeline` at a tiny size."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

import hiervox
from hiervox.models.tts.valle.controls import ValleControls
from hiervox.models.tts.valle.pipeline import ValleSynthesizer
from hiervox.utils.errors import CheckpointError, ConfigError, TextError
from tests.models.tts.valle.tiny_valle import (
    save_part,
    tiny_autoregressive,
    tiny_non_autoregressive,
    write_tiny_valle,
)

PROMPT = np.random.default_rng(0).normal(0, 0.1, 24_000).astype(np.float32), 24_000
SHORT = ValleControls(prompt_text="Yes.", frames_per_token=2, stop_at_bound=True)


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """A codec and both decoders."""
    return write_tiny_valle(tmp_path)


def test_it_speaks_in_the_voice_of_a_prompt(bundle: Path) -> None:
    pipeline = hiervox.load(bundle, "tts", device="cpu")
    assert isinstance(pipeline.synthesizer, ValleSynthesizer)
    speech = pipeline.tts("Hello there.", PROMPT, SHORT)
    assert speech.rate == 24_000 and speech.wav.size % 320 == 0 and np.isfinite(speech.wav).all()
    again = pipeline.tts_batch(["Hello there."], PROMPT, SHORT)[0]
    assert np.array_equal(again.wav, speech.wav)
    other = pipeline.tts("Hello there.", PROMPT, SHORT.model_copy(update={"seed": 5}))
    assert not np.array_equal(other.wav, speech.wav)


@pytest.mark.parametrize("prompt", ["beginning", "excerpt"])
def test_a_monotonic_model_speaks(tmp_path: Path, prompt: str) -> None:
    bundle = write_tiny_valle(tmp_path, monotonic=True, non_autoregressive={"prompt": prompt})
    pipeline = hiervox.load(bundle, "tts", device="cpu")
    speech = pipeline.tts("Hello there.", PROMPT, SHORT)
    assert speech.wav.size and np.isfinite(speech.wav).all()


def test_decoders_of_two_kinds_are_refused(bundle: Path) -> None:
    shutil.rmtree(bundle / "autoregressive")
    save_part(bundle / "autoregressive", "valle", tiny_autoregressive(monotonic=True), "autoregressive")
    with pytest.raises(CheckpointError, match="one is monotonic"):
        hiervox.load(bundle, "tts", device="cpu")


def test_the_text_of_a_prompt_stands_beside_it(bundle: Path, tmp_path: Path) -> None:
    pipeline = hiervox.load(bundle, "tts", device="cpu")
    soundfile.write(tmp_path / "prompt.wav", *PROMPT)
    unknown = SHORT.model_copy(update={"prompt_text": None})
    with pytest.raises(ConfigError, match="what is said in its prompt"):
        pipeline.tts("Hello there.", tmp_path / "prompt.wav", unknown)
    (tmp_path / "prompt.txt").write_text("Yes.", encoding="utf-8")
    voice = pipeline.voice(tmp_path / "prompt.wav")
    assert set(voice.tensors) == {"codes", "tokens"}
    assert pipeline.tts("Hello there.", voice, unknown).wav.size


def test_frames_are_bounded(bundle: Path) -> None:
    pipeline = hiervox.load(bundle, "tts", device="cpu")
    bounded = ValleControls(prompt_text="Yes.", frames_per_token=1, top_k=1)
    with pytest.raises(CheckpointError, match=r"no end in|an end at once"):
        pipeline.tts("Hello there.", PROMPT, bounded)


def test_prompts_are_not_mixed(bundle: Path) -> None:
    pipeline = hiervox.load(bundle, "tts", device="cpu")
    with pytest.raises(ConfigError, match="neither repeated nor mixed"):
        pipeline.voice(PROMPT, denoise_ratio=0.5)


def test_a_codec_of_other_sizes_is_refused(tmp_path: Path) -> None:
    from tests.models.codec.encodec.tiny_encodec import tiny_encodec

    save_part(tmp_path / "codec", "encodec", tiny_encodec(n_codebooks=2, bandwidths=(0.3,)), "encodec")
    save_part(tmp_path / "autoregressive", "valle", tiny_autoregressive(), "autoregressive")
    save_part(tmp_path / "non_autoregressive", "valle", tiny_non_autoregressive(), "non_autoregressive")
    with pytest.raises(CheckpointError, match="the codec has 2 of 16"):
        hiervox.load(tmp_path, "tts", device="cpu")


@pytest.mark.parametrize("content", [b"\xff\xfe caf\xe9", b"word " * 200_000])
def test_a_transcript_that_no_prompt_has_is_one_line(bundle: Path, tmp_path: Path, content: bytes) -> None:
    pipeline = hiervox.load(bundle, "tts", device="cpu")
    soundfile.write(tmp_path / "prompt.wav", *PROMPT)
    (tmp_path / "prompt.txt").write_bytes(content)
    with pytest.raises(TextError, match=r"prompt\.txt"):
        pipeline.voice(tmp_path / "prompt.wav")


def test_a_voice_without_codes_is_refused(bundle: Path) -> None:
    pipeline = hiervox.load(bundle, "tts", device="cpu")
    voice = pipeline.voice(PROMPT)
    pipeline.voices.check(voice, "anna")
    codes = voice.tensors["codes"]
    for tensors in ({}, {"codes": codes.float()}, {"codes": codes[0]}, {"codes": codes + 10_000}):
        with pytest.raises(CheckpointError, match="anna"):
            pipeline.voices.check(replace(voice, tensors=tensors), "anna")

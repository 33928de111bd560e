"""Tests of FACodec's pipeline: `hiervox codec` and `hiervox vc` with it, windows, and attributes."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import soundfile
import torch
from typer.testing import CliRunner

import hiervox
from hiervox.bins.app import app
from hiervox.models.base.data.setup import FeaturesConfig, FeatureSetup
from hiervox.models.base.features.codes import Codes
from hiervox.models.base.pipelines.protocols import ScaledCodec, VoiceConversion, VoicedCodec
from hiervox.models.base.pipelines.voice import Voice
from hiervox.models.codec.facodec.networks.quantizer import ATTRIBUTES
from hiervox.models.codec.facodec.pipeline import Coder
from hiervox.utils.errors import CheckpointError, ConfigError, DataError
from tests.models.codec.facodec.tiny_facodec import (
    HOP,
    RATE,
    tiny_facodec,
    write_facodec,
    write_facodec_bundle,
)
from tests.models.tts.hierspeechpp.tiny_bundle import voice

SOURCE, OTHER = voice(0.6, f0=120), voice(0.7, f0=200)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_facodec(tmp_path_factory.mktemp("facodec") / "model")


@pytest.fixture(scope="module")
def pipeline(folder: Path) -> Any:
    return hiervox.load(folder, device="cpu")


def test_tokens_by_attribute_and_back(pipeline: Any) -> None:
    assert isinstance(pipeline, VoicedCodec) and isinstance(pipeline, VoiceConversion)
    assert not isinstance(pipeline, ScaledCodec)
    codes, timbre = pipeline.encode_voiced(SOURCE, RATE)
    assert codes.shape == (6, -(-len(SOURCE) // HOP)) and timbre.shape == (8,)
    np.testing.assert_array_equal(pipeline.encode(SOURCE, RATE, 3), codes[:3])
    whole = pipeline.decode_voiced(codes, timbre)
    assert whole.shape == (codes.shape[1] * HOP,) and np.isfinite(whole).all()
    without = pipeline.decode_voiced(codes, timbre, ["prosody", "content"])
    np.testing.assert_allclose(without, pipeline.decode_voiced(codes[:3], timbre), atol=1e-6)
    assert np.abs(whole - without).max() > 1e-4
    assert np.abs(without - pipeline.decode_voiced(codes, timbre, ["content"])).max() > 1e-4


def test_what_can_not_be_decoded_is_refused(pipeline: Any) -> None:
    codes, timbre = pipeline.encode_voiced(SOURCE, RATE)
    with pytest.raises(ConfigError, match="leave the voice out"):
        pipeline.decode(codes)
    with pytest.raises(ConfigError, match="no attribute loudness"):
        pipeline.decode_voiced(codes, timbre, ["loudness"])
    with pytest.raises(ConfigError, match="have none of these"):
        pipeline.decode_voiced(codes[:1], timbre, ["content"])
    with pytest.raises(DataError, match="timbre of shape"):
        pipeline.decode_voiced(codes, timbre[:3])
    with pytest.raises(DataError, match="not in a codebook"):
        pipeline.decode_voiced(codes + 16, timbre)
    with pytest.raises(ConfigError, match="no 7 codebooks"):
        pipeline.encode(SOURCE, RATE, 7)


def test_windows_give_what_the_whole_gives() -> None:
    coder = Coder(tiny_facodec())
    wav = np.random.default_rng(0).normal(0, 0.2, 61 * HOP + 7).astype(np.float32)
    whole, timbre = coder.encode(wav)
    (sound,) = coder.decode(whole, timbre, ATTRIBUTES)
    coder.window, coder.margin = 10, 12
    codes, again = coder.encode(wav)
    assert torch.equal(codes, whole) and torch.equal(timbre, again)
    chunks = list(coder.decode(whole, timbre, ATTRIBUTES))
    assert len(chunks) == 7
    np.testing.assert_allclose(np.concatenate(chunks), sound, atol=1e-5)


@pytest.mark.parametrize("form", ["conversion", "causal"])
def test_other_forms_code_and_convert(form: str, tmp_path: Path) -> None:
    pipeline = hiervox.load(write_facodec(tmp_path / form, form), "vc", device="cpu")
    short = SOURCE[: 3 * HOP - 20]
    codes, timbre = pipeline.encode_voiced(short, RATE)
    assert codes.shape == (6, 3) and pipeline.decode_voiced(codes, timbre).shape == (3 * HOP,)
    assert np.isfinite(pipeline.vc((SOURCE, RATE), (OTHER, RATE)).wav).all()


def test_a_recording_in_another_voice(pipeline: Any, tmp_path: Path) -> None:
    other = pipeline.voice((OTHER, RATE), for_text=False)
    speech = pipeline.vc((SOURCE, RATE), other)
    codes = pipeline.encode(SOURCE, RATE)
    expected = pipeline.decode_voiced(codes[:3], other.tensors["timbre"][:, 0].numpy())
    made = pipeline.vc_stream((SOURCE, RATE), other)[1]
    np.testing.assert_allclose(np.concatenate(list(made)), expected, atol=1e-6)
    assert speech.rate == RATE and speech.wav.shape == expected.shape
    kept = pipeline.vc((SOURCE, RATE), other, pipeline.controls(residual=True))
    assert np.abs(kept.wav - speech.wav).max() > 1e-3
    with pytest.raises(ConfigError, match="takes no F0 curve"):
        pipeline.vc_stream((SOURCE, RATE), other, f0=np.full(9, 100, np.float32))
    with pytest.raises(CheckpointError, match="reads no text"):
        pipeline.tts("Hello.", other)
    bad = Voice({"timbre": other.tensors["timbre"][:3]}, other.model, other.peak, None)
    with pytest.raises(CheckpointError, match="no timbre"):
        pipeline.voices.check(bad, "bad")


def test_a_bundle_converts_with_its_second_decoder(tmp_path: Path, pipeline: Any) -> None:
    bundle = hiervox.load(write_facodec_bundle(tmp_path / "bundle"), "vc", device="cpu")
    np.testing.assert_array_equal(bundle.encode(SOURCE, RATE), pipeline.encode(SOURCE, RATE))
    converted = (each.vc((SOURCE, RATE), (OTHER, RATE)).wav for each in (bundle, pipeline))
    assert np.abs(np.subtract(*converted)).max() > 1e-3


def test_the_command_line(folder: Path, tmp_path: Path, pipeline: Any) -> None:
    for name, wav in (("in", SOURCE), ("other", OTHER)):
        soundfile.write(tmp_path / f"{name}.wav", wav, RATE, subtype="FLOAT")
    options = ["--model", str(folder), "--device", "cpu", "-o"]

    def run(*arguments: str) -> Any:
        return CliRunner().invoke(app, [*arguments])

    codes, made = str(tmp_path / "in.codes"), str(tmp_path / "out.wav")
    assert run("codec", "encode", str(tmp_path / "in.wav"), *options, codes).exit_code == 0
    assert run("codec", "decode", codes, *options, made).exit_code == 0
    parts = ["--voice", str(tmp_path / "other.wav"), "--attributes", "prosody, content"]
    done = run("codec", "decode", codes, *parts, *options, str(tmp_path / "converted.wav"))
    assert done.exit_code == 0, done.output
    tokens, timbre = pipeline.encode_voiced(SOURCE, RATE)[0], pipeline.encode_voiced(OTHER, RATE)[1]
    wav, _ = soundfile.read(tmp_path / "converted.wav", dtype="float32")
    np.testing.assert_allclose(wav, pipeline.decode_voiced(tokens[:3], timbre), atol=1e-3)
    refused = run("codec", "decode", codes, "--attributes", "pitch", *options, str(tmp_path / "no.wav"))
    assert isinstance(refused.exception, ConfigError)


def test_content_tokens_as_a_feature(folder: Path, pipeline: Any) -> None:
    def computed(*attributes: str) -> Any:
        codes = {"model": str(folder), "frame_rate": RATE / HOP, "attributes": attributes}
        features = FeaturesConfig.model_validate({"codes": codes})
        setup = FeatureSetup(sample_rate=RATE, hop_length=HOP, features=features)
        return Codes(setup).compute(SimpleNamespace(wav=SOURCE))  # type: ignore[arg-type]

    np.testing.assert_array_equal(computed("content"), pipeline.encode(SOURCE, RATE)[1:3].T)
    np.testing.assert_array_equal(computed(), pipeline.encode(SOURCE, RATE).T)
    with pytest.raises(ConfigError, match="have no attribute pitch"):
        computed("pitch")

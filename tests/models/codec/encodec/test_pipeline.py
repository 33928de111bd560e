"""Tests of `hiervox.models.codec.encodec.pipeline` and of `hiervox codec` with it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from typer.testing import CliRunner

import hiervox
from hiervox.bins.app import app
from hiervox.models.base.checkpoints.checkpoint import save_weights
from hiervox.models.base.checkpoints.conversion import convert_published
from hiervox.models.base.pipelines.protocols import Codec, ScaledCodec
from hiervox.models.codec.encodec.config import EncodecConfig
from hiervox.models.codec.encodec.networks.encodec import Encodec
from hiervox.models.codec.encodec.pipeline import EncodecPipeline
from hiervox.utils.errors import AudioError, ConfigError, DataError
from tests.models.codec.encodec.tiny_encodec import tiny_encodec

WAV = np.random.default_rng(0).normal(0, 0.2, 5000).astype(np.float32)


def checkpoint(folder: Path, codec: Encodec) -> Path:
    """A checkpoint folder of a codec."""
    folder.mkdir()
    tree = {"system": "encodec", "part": "encodec", "model": codec.config.model_dump(mode="json")}
    save_weights(folder, codec.state_dict(), tree)
    return folder


def test_codes_and_what_they_decode_to(tmp_path: Path) -> None:
    pipeline = hiervox.load(checkpoint(tmp_path / "codec", tiny_encodec()), device="cpu")
    assert isinstance(pipeline, EncodecPipeline) and isinstance(pipeline, Codec)
    codes = pipeline.encode(WAV, 24_000)
    assert codes.shape == (4, 16)
    assert np.array_equal(pipeline.encode(WAV, 24_000, 2), codes[:2])
    wav = pipeline.decode(codes[:2])
    assert wav.shape == (16 * 320,) and np.isfinite(wav).all()
    assert pipeline.encode(WAV[:2500], 12_000).shape == (4, 16)


def test_what_can_not_be_coded_is_refused() -> None:
    pipeline = EncodecPipeline(tiny_encodec())
    with pytest.raises(AudioError, match="can't be used"):
        pipeline.encode(np.zeros(0, np.float32), 24_000)
    with pytest.raises(ConfigError, match="no 5 codebooks"):
        pipeline.encode(WAV, 24_000, 5)
    with pytest.raises(DataError, match="not in a codebook"):
        pipeline.decode(np.full((1, 3), 16))
    with pytest.raises(DataError, match="can't be decoded"):
        pipeline.decode(np.zeros((5, 3), np.int64))


def test_a_model_of_scaled_segments_codes_them_with_their_levels(tmp_path: Path) -> None:
    codec = tiny_encodec(scale_input=True, segment_seconds=0.08, audio_channels=2)
    folder = checkpoint(tmp_path / "codec", codec)
    pipeline = hiervox.load(folder, "codec", device="cpu")
    assert isinstance(pipeline, ScaledCodec)
    codes, scales = pipeline.encode_scaled(WAV, 24_000, 2)
    stereo = torch.from_numpy(WAV).expand(1, 2, -1)
    segments = codec.encode(stereo, 2)
    assert len(segments) == len(scales) == 3
    np.testing.assert_array_equal(codes, torch.cat([one.codes[0] for one in segments], 1).numpy())
    whole = codec.decode(segments)[0].mean(0).numpy()
    np.testing.assert_allclose(pipeline.decode_scaled(codes, scales), whole, atol=1e-6)
    with pytest.raises(ConfigError, match="scaled segments"):
        pipeline.encode(WAV, 24_000)
    with pytest.raises(DataError, match="2 scales for 3 segments"):
        pipeline.decode_scaled(codes, scales[:2])

    soundfile.write(tmp_path / "in.wav", WAV, 24_000, subtype="FLOAT")
    options = ["--model", str(folder), "--device", "cpu", "-o"]
    tokens = str(tmp_path / "in.codes")
    encoded = CliRunner().invoke(app, ["codec", "encode", str(tmp_path / "in.wav"), *options, tokens])
    assert encoded.exit_code == 0, encoded.output
    decoded = CliRunner().invoke(app, ["codec", "decode", tokens, *options, str(tmp_path / "out.wav")])
    assert decoded.exit_code == 0, decoded.output
    assert soundfile.info(tmp_path / "out.wav").frames >= len(WAV)
    plain = checkpoint(tmp_path / "plain", tiny_encodec(audio_channels=2))
    refused = CliRunner().invoke(
        app, ["codec", "decode", tokens, "--model", str(plain), "-o", str(tmp_path / "no.wav")]
    )
    assert isinstance(refused.exception, DataError)


def test_the_command_line_writes_tokens_and_reads_them(tmp_path: Path) -> None:
    model = str(checkpoint(tmp_path / "codec", tiny_encodec()))
    soundfile.write(tmp_path / "in.wav", WAV, 24_000)
    options = ["--model", model, "--device", "cpu", "-o"]
    encode = ["codec", "encode", str(tmp_path / "in.wav"), "--bandwidth", "0.6", *options]
    encoded = CliRunner().invoke(app, [*encode, str(tmp_path / "in.codes")])
    assert encoded.exit_code == 0, encoded.output
    assert "2 codebooks, 16 frames, 0.6 kbit/s" in encoded.output
    decode = ["codec", "decode", str(tmp_path / "in.codes"), *options]
    decoded = CliRunner().invoke(app, [*decode, str(tmp_path / "out.wav")])
    assert decoded.exit_code == 0, decoded.output
    wav, rate = soundfile.read(tmp_path / "out.wav")
    assert rate == 24_000 and wav.shape == (16 * 320,)


def test_published_weights_need_no_config(tmp_path: Path) -> None:
    from transformers import EncodecConfig as TheirConfig
    from transformers import EncodecModel

    theirs = EncodecModel(TheirConfig(target_bandwidths=[1.5]))
    torch.save(theirs.state_dict(), tmp_path / "encodec.pth")
    weights = convert_published("encodec", "encodec", tmp_path / "encodec.pth", None, tmp_path / "converted")
    assert weights == sum(parameter.numel() for parameter in Encodec(EncodecConfig()).parameters())
    assert EncodecPipeline.load(tmp_path / "converted").codebooks == 2


def test_float_codes_are_refused_and_pcm_is_scaled() -> None:
    """2.7 was decoded as 2, and samples of 16 bits were coded as if they were floats."""
    pipeline = EncodecPipeline(tiny_encodec())
    codes = pipeline.encode(WAV, 24_000)
    with pytest.raises(DataError, match="codes of float64 can't be used"):
        pipeline.decode(codes + 0.7)
    exact = (WAV * 2**15).round() / 2**15
    pcm = (WAV * 2**15).round().astype(np.int16)
    np.testing.assert_array_equal(
        pipeline.encode(pcm, 24_000), pipeline.encode(exact.astype(np.float32), 24_000)
    )

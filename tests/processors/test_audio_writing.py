from __future__ import annotations

import io

import numpy as np
import pytest
import soundfile

from hiervox.processors.audio_writing import stream_wav, write_chunks
from hiervox.utils.errors import AudioError


def tone(samples: int, peak: float = 0.25) -> np.ndarray:
    return (peak * np.sin(np.arange(samples) / 20)).astype(np.float32)


def test_chunks_are_scaled_by_the_peak_of_all(tmp_path) -> None:
    peaks = []

    def gain(peak: float) -> float:
        peaks.append(peak)
        return 0.5 / peak

    chunks = [tone(1000, 0.1), np.zeros(0, np.float32), tone(700, 0.2)]
    assert write_chunks(tmp_path / "x.wav", iter(chunks), 24000, gain, "x") == 1700
    wav, rate = soundfile.read(tmp_path / "x.wav", dtype="float32")
    assert rate == 24000 and peaks == [pytest.approx(0.2, rel=1e-3)]
    np.testing.assert_allclose(wav, np.concatenate(chunks) * 2.5, atol=1e-3)
    assert soundfile.info(tmp_path / "x.wav").subtype == "PCM_16"
    assert [file.name for file in tmp_path.iterdir()] == ["x.wav"]


@pytest.mark.parametrize(
    ("chunks", "message"),
    [
        ([], "shape"),
        ([np.zeros(100, np.float32)], "x: the waveform is silent"),
        ([tone(100), np.full(9, np.nan, np.float32)], "x: the waveform holds a NaN"),
        ([tone(100), np.full(9, np.inf, np.float32), tone(100)], "x: the waveform holds a NaN"),
        ([tone(100, 1.5)], "x: the waveform clips"),
        ([tone(100), np.ones(9, np.float32)], "x: the waveform is clipped"),
    ],
)
def test_what_no_one_should_hear_is_not_written(tmp_path, chunks, message) -> None:
    (tmp_path / "x.wav").write_text("mine")
    with pytest.raises(AudioError, match=message):
        write_chunks(tmp_path / "x.wav", chunks, 16000, lambda peak: 1.0, "x")
    assert (tmp_path / "x.wav").read_text() == "mine"
    assert [file.name for file in tmp_path.iterdir()] == ["x.wav"]


def test_a_single_sample_at_full_scale_is_no_clipping(tmp_path) -> None:
    wav = tone(1000)
    wav[500] = 1.0
    assert write_chunks(tmp_path / "x.wav", [wav], 24000, lambda peak: 1.0, "x") == 1000


def test_an_error_on_the_way_leaves_nothing(tmp_path) -> None:
    def broken():
        yield tone(100)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        write_chunks(tmp_path / "x.flac", broken(), 16000, lambda peak: 1.0, "x")
    assert not list(tmp_path.iterdir())


def test_a_stream_is_a_wav_file() -> None:
    stream = io.BytesIO()
    assert stream_wav(stream, [tone(1000), tone(500, 1.2)], 48000) == 1500
    stream.seek(0)
    wav, rate = soundfile.read(stream, dtype="float32")
    assert rate == 48000
    expected = np.concatenate([tone(1000), tone(500, 1.2)]).clip(-1, 1)
    np.testing.assert_allclose(wav, expected, atol=1e-4)

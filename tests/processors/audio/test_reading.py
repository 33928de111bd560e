from __future__ import annotations

import errno
import os
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from hiervox.processors.audio import (
    audio_chunks,
    pad_to_multiple,
    peak_normalize,
    read_audio,
    require_sound,
    rms_dbfs,
    told_errors,
    write_audio,
)
from hiervox.processors.audio.reading import SYSTEM_ERROR
from hiervox.utils.errors import AudioError

RATE = 24000
FORMATS = {
    "wav": ("WAV", "PCM_16"),
    "flac": ("FLAC", "PCM_16"),
    "ogg": ("OGG", "VORBIS"),
    "opus": ("OGG", "OPUS"),
    "mp3": ("MP3", "MPEG_LAYER_III"),
}


def tone(seconds: float = 1.0, rate: int = RATE, hertz: float = 440.0) -> np.ndarray:
    return (0.5 * np.sin(2 * np.pi * hertz * np.arange(int(seconds * rate)) / rate)).astype(np.float32)


def encode(path: Path, wav: np.ndarray) -> Path:
    audio_format, subtype = FORMATS[path.suffix[1:]]
    soundfile.write(path, wav, RATE, format=audio_format, subtype=subtype)
    return path


@pytest.mark.parametrize("suffix", FORMATS)
def test_reads_every_format(tmp_path: Path, suffix: str) -> None:
    wav, rate = read_audio(encode(tmp_path / f"tone.{suffix}", tone()))
    assert (wav.shape, wav.dtype, rate) == ((RATE,), np.float32, RATE)
    strongest = np.abs(np.fft.rfft(wav)).argmax()  # 1 Hz a bin
    assert strongest == 440
    assert np.sqrt(np.mean(wav**2)) == pytest.approx(0.5 / np.sqrt(2), rel=0.05)


@pytest.mark.parametrize("suffix", FORMATS)
def test_refuses_a_truncated_file(tmp_path: Path, suffix: str) -> None:
    noise = 0.1 * np.random.default_rng(0).standard_normal(RATE * 4)
    path = encode(tmp_path / f"whole.{suffix}", noise)
    cut = tmp_path / f"cut.{suffix}"
    whole = path.read_bytes()
    cut.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(AudioError, match=rf"cut\.{suffix}.*truncated"):
        read_audio(cut)


def test_an_ogg_file_that_ends_at_a_page_without_the_last_flag_is_truncated(tmp_path: Path) -> None:
    path = encode(tmp_path / "whole.ogg", 0.1 * np.random.default_rng(0).standard_normal(RATE * 4))
    whole = path.read_bytes()
    path.write_bytes(whole[: whole.rindex(b"OggS")])
    with pytest.raises(AudioError, match="truncated"):
        read_audio(path)


@pytest.mark.parametrize("declared", [0xFFFFFFFF, 0x7FFFFFFF])
def test_a_wav_file_that_was_written_to_a_pipe_is_whole(tmp_path: Path, declared: int) -> None:
    path = encode(tmp_path / "piped.wav", tone())
    content = bytearray(path.read_bytes())
    content[4:8] = content[40:44] = declared.to_bytes(4, "little")
    path.write_bytes(content)
    assert len(read_audio(path)[0]) == RATE


def test_a_flac_file_without_a_length_is_measured(tmp_path: Path) -> None:
    path = encode(tmp_path / "piped.flac", tone(3.2))
    content = bytearray(path.read_bytes())
    content[21] &= 0xF0  # the 36-bit count of samples in STREAMINFO: 0 is unknown
    content[22:26] = bytes(4)
    path.write_bytes(content)
    assert soundfile.info(path).frames > 2**60
    wav, rate = read_audio(path)
    assert wav.size == 3.2 * RATE == 3.2 * rate
    np.testing.assert_allclose(wav, tone(3.2), atol=1e-4)


def test_a_long_file_comes_in_chunks(tmp_path: Path) -> None:
    path = encode(tmp_path / "long.wav", tone(20))
    chunks = list(audio_chunks(path, 16000))
    assert len(chunks) > 2
    np.testing.assert_allclose(np.concatenate(chunks), read_audio(path, 16000)[0], atol=1e-6)


def test_what_no_recording_holds_is_said_of_the_file(tmp_path: Path) -> None:
    for value in (1e6, 1e30, -40.0):
        soundfile.write(tmp_path / "large.wav", np.full(RATE, value), RATE, subtype="FLOAT")
        with pytest.raises(AudioError, match=r"large\.wav holds samples of .*, where full scale is 1"):
            read_audio(tmp_path / "large.wav")
    soundfile.write(tmp_path / "hot.wav", 4 * tone(), RATE, subtype="FLOAT")
    assert read_audio(tmp_path / "hot.wav")[0].max() == pytest.approx(2, abs=0.01)
    (tmp_path / "bare.raw").write_bytes(bytes(3200))
    with pytest.raises(AudioError, match=r"bare\.raw is sound without a header: convert it to WAV"):
        read_audio(tmp_path / "bare.raw")
    for rate in (10, 999, 384_001, 2_000_000_000):
        soundfile.write(tmp_path / "rate.wav", tone(), rate)
        with pytest.raises(AudioError, match=rf"rate\.wav has a sampling rate of {rate} Hz"):
            read_audio(tmp_path / "rate.wav")


def test_names_that_no_one_can_type(tmp_path: Path) -> None:
    odd = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9\n.wav"))
    encode(tmp_path / "tone.wav", tone()).rename(odd)
    assert read_audio(odd)[0].size == RATE
    for name in ("nul\0.wav", f"{'x' * 300}.wav", f"{'x/' * 3000}y.wav"):
        with pytest.raises(AudioError, match="no audio file"):
            read_audio(tmp_path / name)


def test_the_decoder_of_mp3_is_quiet(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    content = bytearray(encode(tmp_path / "whole.mp3", tone(4)).read_bytes())
    content[2000:2400] = bytes(range(200)) * 2
    (tmp_path / "broken.mp3").write_bytes(content[: len(content) // 2])
    with pytest.raises(AudioError, match="truncated"):
        read_audio(tmp_path / "broken.mp3")
    print("heard again", file=sys.stderr)  # noqa: T201
    assert capfd.readouterr().err == "heard again\n"


def test_channels_are_averaged(tmp_path: Path) -> None:
    path = tmp_path / "stereo.wav"
    soundfile.write(path, np.stack([tone(), 0 * tone()], axis=1), RATE, subtype="FLOAT")
    assert np.allclose(read_audio(path)[0], tone() / 2)


def test_refuses_what_is_no_usable_recording(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match=r"absent\.wav"):
        read_audio(tmp_path / "absent.wav")
    with pytest.raises(AudioError, match="no audio file"):
        read_audio(tmp_path)
    (tmp_path / "text.wav").write_text("not a sound")
    with pytest.raises(AudioError, match=r"text\.wav"):
        read_audio(tmp_path / "text.wav")
    (tmp_path / "void.wav").touch()
    with pytest.raises(AudioError, match=r"void\.wav"):
        read_audio(tmp_path / "void.wav")
    soundfile.write(tmp_path / "empty.wav", np.zeros(0), RATE)
    with pytest.raises(AudioError, match=r"empty\.wav holds no samples"):
        read_audio(tmp_path / "empty.wav")
    soundfile.write(tmp_path / "nan.wav", np.full(RATE, np.nan), RATE, subtype="FLOAT")
    with pytest.raises(AudioError, match=r"nan\.wav.*NaN"):
        read_audio(tmp_path / "nan.wav")
    encode(tmp_path / "short.wav", tone(0.2))
    assert len(read_audio(tmp_path / "short.wav", min_seconds=0.2)[0]) == RATE // 5
    with pytest.raises(AudioError, match=r"short\.wav is too short: 0\.20 s"):
        read_audio(tmp_path / "short.wav", min_seconds=0.3)


def test_reading_resamples(tmp_path: Path) -> None:
    wav, rate = read_audio(encode(tmp_path / "tone.wav", tone()), 16000)
    assert (len(wav), rate) == (16000, 16000)


def test_writes_what_it_reads_back(tmp_path: Path) -> None:
    path = tmp_path / "new folder" / "tone.wav"
    write_audio(path, tone(), RATE)
    assert soundfile.info(path).subtype == "PCM_16"
    wav, rate = read_audio(path)
    assert rate == RATE
    assert np.abs(wav - tone()).max() <= 2 / 2**15


@pytest.mark.parametrize(
    ("wav", "problem"),
    [
        (np.array([0.1, np.nan]), "NaN"),
        (np.array([0.1, np.inf]), "infinity"),
        (np.full(100, 5e-5), "silent"),
        (np.array([0.5, -1.01]), "clips"),
        (np.tanh(1e3 * tone()), "clipped"),
        (np.zeros(0), "shape"),
        (np.full((2, 100), 0.1), "shape"),
    ],
)
def test_a_bad_waveform_is_an_error_and_not_a_file(tmp_path: Path, wav: np.ndarray, problem: str) -> None:
    path = tmp_path / "bad.wav"
    path.write_bytes(b"the old file")
    with pytest.raises(AudioError, match=rf"bad\.wav.*{problem}"):
        write_audio(path, wav, RATE)
    assert path.read_bytes() == b"the old file"


def test_writing_refuses_a_suffix_without_pcm(tmp_path: Path) -> None:
    for name in ("tone.opus", "tone.txt", "tone"):
        with pytest.raises(AudioError, match="suffix"):
            write_audio(tmp_path / name, tone(), RATE)
    assert not list(tmp_path.iterdir())


def test_level() -> None:
    assert rms_dbfs(tone()) == pytest.approx(20 * np.log10(0.5 / np.sqrt(2)), abs=0.01)
    assert rms_dbfs(np.zeros(10)) == -np.inf
    assert np.abs(peak_normalize(tone(), 0.9)).max() == pytest.approx(0.9)
    with pytest.raises(AudioError):
        peak_normalize(np.zeros(10, np.float32))


@pytest.mark.parametrize(("samples", "padded"), [(1, 1280), (1279, 1280), (1280, 2560), (64000, 65280)])
def test_padding_to_the_grid_adds_at_least_one_sample(samples: int, padded: int) -> None:
    for wav in (np.ones((2, samples), np.float32), torch.ones(2, samples)):
        result = pad_to_multiple(wav)
        assert type(result) is type(wav) and result.shape == (2, padded)
        assert result[:, :samples].min() == 1 and abs(result[:, samples:]).max() == 0


def test_a_recording_without_sound_is_blamed_by_its_own_name() -> None:
    chunks = [tone(), 0.5 * tone()]
    assert list(require_sound(chunks, "in.wav")) == chunks
    with pytest.raises(AudioError, match=r"in\.wav is silent"):
        list(require_sound([np.zeros(100, np.float32)], "in.wav"))
    clipped = [np.ones(100, np.float32), np.zeros(100, np.float32)]
    with pytest.raises(AudioError, match=r"in\.wav is clipped \(50% of it at full scale\)"):
        list(require_sound(clipped, "in.wav"))
    assert len(list(require_sound(clipped, "in.wav", allow_clipped=True))) == 2


def test_what_the_system_refuses_to_write_is_told() -> None:
    full = Path("/dev/full")
    with pytest.raises(OSError, match="No space left on device") as raised, told_errors(full):
        raise soundfile.LibsndfileError(SYSTEM_ERROR)
    assert (raised.value.errno, raised.value.filename) == (errno.ENOSPC, str(full))
    with pytest.raises(soundfile.LibsndfileError), told_errors(full):
        raise soundfile.LibsndfileError(SYSTEM_ERROR + 1)

"""Long recordings: what is computed of stretches of them equals what is computed of the whole."""

from __future__ import annotations

import librosa
import numpy as np
import pytest

from hiervox.evaluation import intelligibility as stoi
from hiervox.evaluation import latest, long_recordings, spectra
from hiervox.evaluation.latest import Latest
from hiervox.evaluation.mel_cepstrum import mel_cepstra
from hiervox.evaluation.metrics import si_sdr
from hiervox.evaluation.metrics.energy import energy_contour
from hiervox.evaluation.recordings import Recordings
from tests.evaluation.rows import noise, save
from tests.evaluation.sounds import SAMPLE_RATE, melody


@pytest.fixture
def stretches(monkeypatch) -> None:
    """Windows and blocks that a recording of some seconds is longer than."""
    monkeypatch.setattr(long_recordings, "KEPT_SECONDS", 2)
    monkeypatch.setattr(long_recordings, "CONTEXT_SECONDS", 1)
    monkeypatch.setattr(long_recordings, "BLOCK_SAMPLES", 10_000)
    monkeypatch.setattr(si_sdr, "BLOCK", 7_000)
    monkeypatch.setattr(stoi, "FRAMES_AT_ONCE", 50)
    monkeypatch.setattr(stoi, "SEGMENTS_AT_ONCE", 40)


@pytest.fixture(scope="module")
def speech() -> np.ndarray:
    """9.3 s with a pause at its middle, over a little noise."""
    wav = np.concatenate([melody(seconds=4.2), np.zeros(8000, np.float32), melody(1.2, seconds=4.6)])
    return (wav + 1e-3 * noise(len(wav) / SAMPLE_RATE)[: len(wav)]).astype(np.float32)


@pytest.mark.parametrize(("frame", "hop"), [(400, 160), (551, 220), (600, 120)])
@pytest.mark.parametrize("samples", [1, 200, 9_000, 50_001])
def test_blocks_have_the_frames_of_the_whole(stretches, frame: int, hop: int, samples: int) -> None:
    wav = np.arange(1, samples + 1, dtype=np.float32)
    padded = np.pad(wav, frame // 2)
    whole = librosa.util.frame(
        np.pad(padded, (0, max(0, frame - padded.size))), frame_length=frame, hop_length=hop
    )
    blocks = [
        librosa.util.frame(block, frame_length=frame, hop_length=hop)
        for block in long_recordings.frame_blocks(wav, frame, hop)
    ]
    np.testing.assert_array_equal(np.concatenate(blocks, axis=1), whole)
    assert (len(blocks) > 1) == (samples > 200)


def test_energy_is_that_of_the_whole(stretches, speech) -> None:
    whole = librosa.feature.rms(y=speech, frame_length=400, hop_length=160)[0]
    expected = 20 * np.log10(np.maximum(whole, 1e-4))
    np.testing.assert_allclose(energy_contour(speech, SAMPLE_RATE), expected, atol=1e-4)


def test_f0_and_cepstra_are_those_of_the_whole(stretches, speech, tmp_path, monkeypatch) -> None:
    file = save(tmp_path, "speech", speech)
    windowed = Recordings().f0(file), mel_cepstra(speech, SAMPLE_RATE)
    monkeypatch.setattr(long_recordings, "KEPT_SECONDS", 1000)
    whole = Recordings().f0(file), mel_cepstra(speech, SAMPLE_RATE)
    assert windowed[0].shape == whole[0].shape and windowed[1].shape == whole[1].shape
    assert (whole[0] > 0).mean() > 0.5
    np.testing.assert_allclose(windowed[0], whole[0], rtol=1e-3, atol=0.1)
    np.testing.assert_allclose(windowed[1], whole[1], atol=0.02)


def test_a_silent_window_has_no_f0(stretches, tmp_path) -> None:
    wav = np.concatenate([melody(seconds=2), np.zeros(6 * SAMPLE_RATE, np.float32)])
    f0 = Recordings().f0(save(tmp_path, "pause", wav))
    assert len(f0) == 8 * 200 and f0[:400].any() and not f0[600:].any()


def test_spectral_distances_are_those_of_the_whole(stretches, speech, monkeypatch) -> None:
    other = speech + 0.01 * noise(len(speech) / SAMPLE_RATE, seed=3)[: len(speech)]
    blocks = *spectra.multi_resolution_distance(other, speech), spectra.log_spectral_distance(other, speech)
    monkeypatch.setattr(long_recordings, "BLOCK_SAMPLES", 10**9)
    whole = *spectra.multi_resolution_distance(other, speech), spectra.log_spectral_distance(other, speech)
    assert blocks == pytest.approx(whole, rel=1e-5) and min(whole) > 0


@pytest.mark.parametrize("centred", [False, True])
def test_signal_to_distortion_is_torchmetrics(stretches, centred: bool) -> None:
    torch = pytest.importorskip("torch")
    audio = pytest.importorskip("torchmetrics.functional.audio")
    reference = noise(1.5, seed=1) + np.float32(0.01)
    for wav in (0.7 * reference + 0.1 * noise(1.5, seed=2), reference, np.zeros_like(reference) + 0.1):
        found = si_sdr.signal_to_distortion(wav.astype(np.float32), reference, centred)
        expected = audio.scale_invariant_signal_distortion_ratio(
            torch.from_numpy(wav.astype(np.float64)), torch.from_numpy(reference.astype(np.float64)), centred
        )
        assert found == pytest.approx(float(expected), abs=1e-3)


def test_intelligibility_is_pystois(stretches, speech) -> None:
    pystoi = pytest.importorskip("pystoi")
    clean = speech[: 5 * stoi.RATE]
    heard = clean + 0.05 * noise(5, seed=2, rate=stoi.RATE)
    found = stoi.intelligibility(clean, heard.astype(np.float32))
    expected = [pystoi.stoi(clean, heard, stoi.RATE, extended=extended) for extended in (False, True)]
    assert found == pytest.approx(expected, abs=1e-6) and 0.1 < expected[0] < 0.99


def test_the_latest_results_are_kept_up_to_a_size(monkeypatch) -> None:
    monkeypatch.setattr(latest, "MOST_BYTES", 3000)
    made: list[int] = []

    def result(size: int) -> tuple[np.ndarray, int]:
        made.append(size)
        return np.zeros(size, np.uint8), size

    kept = Latest(result)
    for size in (1000, 1100, 1000, 1200):  # the last one drops the one used longest ago
        assert kept(size)[1] == size
    kept(1000)
    kept(1100)
    assert made == [1000, 1100, 1200, 1100]
    kept(9000)  # larger than all together: alone, until another comes
    kept(9000)
    kept(1000)
    assert made[4:] == [9000, 1000]

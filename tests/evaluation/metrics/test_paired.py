"""Metrics that compare sample by sample: STFT, LSD, SI-SDR, STOI, PESQ."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch

from hiervox.evaluation.metrics.lsd import LogSpectralDistance
from hiervox.evaluation.metrics.pesq import PerceptualQuality
from hiervox.evaluation.metrics.pesq_torch import ApproximatePerceptualQuality
from hiervox.evaluation.metrics.si_sdr import SignalToDistortion
from hiervox.evaluation.metrics.stft import MultiResolutionDistance
from hiervox.evaluation.metrics.stoi import Intelligibility
from hiervox.evaluation.paired import PairedMetric
from hiervox.processors.audio import Waveform, read_audio
from hiervox.utils.errors import DependencyError
from tests.evaluation.rows import noise, number, pair, save, scored
from tests.evaluation.sounds import melody

WITHOUT_PACKAGES = (LogSpectralDistance, MultiResolutionDistance)


def magnitude(wav: Waveform, fft: int, hop: int, window: int) -> torch.Tensor:
    """By torch, where the metric uses librosa."""
    spectrum = torch.stft(
        torch.from_numpy(wav).double(),
        fft,
        hop,
        window,
        torch.hann_window(window, dtype=torch.double),
        pad_mode="constant",
        return_complex=True,
    )
    return spectrum.abs()


def test_multi_resolution_distance_agrees_with_torch(tmp_path) -> None:
    first, second = noise(0.3, seed=1), noise(0.3, seed=2)
    convergence, logarithmic = 0.0, 0.0
    for fft, hop, window in ((1024, 120, 600), (2048, 240, 1200), (512, 50, 240)):
        ours, theirs = magnitude(first, fft, hop, window), magnitude(second, fft, hop, window)
        convergence += float(torch.linalg.norm(theirs - ours) / torch.linalg.norm(theirs)) / 3
        logarithmic += float((ours.log() - theirs.log()).abs().mean()) / 3
    scores = scored(MultiResolutionDistance(), pair(tmp_path, first, second))
    assert scores["stft_convergence"] == pytest.approx(convergence, rel=1e-4)
    assert scores["stft_log"] == pytest.approx(logarithmic, rel=1e-4)


def test_multi_resolution_distance_has_the_floor_of_parallel_wavegan(tmp_path) -> None:
    """Its power is clamped at 1e-7 before the root, so that what silence holds unheard counts for little."""
    first = np.concatenate([noise(0.3, seed=1), np.zeros(4800, np.float32)])
    second = first + 1e-6 * noise(0.6, seed=2)
    logarithmic = 0.0
    for sizes in ((1024, 120, 600), (2048, 240, 1200), (512, 50, 240)):
        ours, theirs = (
            torch.sqrt(torch.clamp(magnitude(wav, *sizes) ** 2, min=1e-7)).log() for wav in (second, first)
        )
        logarithmic += float((ours - theirs).abs().mean()) / 3
    scores = scored(MultiResolutionDistance(), pair(tmp_path, second, first))
    assert scores["stft_log"] == pytest.approx(logarithmic, rel=1e-2)
    assert number(scores, "stft_log") < 0.01


def test_log_spectral_distance_of_a_gain_is_its_power_ratio(tmp_path) -> None:
    """Ten times the amplitude: every bin differs by log10(100) = 2."""
    wav = noise(0.5)
    assert scored(LogSpectralDistance(), pair(tmp_path, wav, 0.1 * wav))["lsd"] == pytest.approx(2, rel=1e-4)


def test_log_spectral_distance_agrees_with_torch(tmp_path) -> None:
    first, second = noise(0.5, seed=1), noise(0.5, seed=2)
    ours, theirs = (magnitude(wav, 2048, 512, 2048).square().log10() for wav in (first, second))
    expected = (ours - theirs).square().mean(dim=0).sqrt().mean()
    assert scored(LogSpectralDistance(), pair(tmp_path, first, second))["lsd"] == pytest.approx(
        float(expected), rel=1e-4
    )


def test_signal_to_distortion_by_hand(tmp_path) -> None:
    """Noise made orthogonal to the signal at a tenth of its norm: 20 dB, at any gain."""
    pytest.importorskip("torchmetrics")
    signal, error = noise(0.5, seed=1).astype(np.float64), noise(0.5, seed=2).astype(np.float64)
    signal, error = signal - signal.mean(), error - error.mean()
    error -= signal * (error @ signal) / (signal @ signal)
    error *= 0.1 * np.linalg.norm(signal) / np.linalg.norm(error)
    row = pair(tmp_path, (3 * (signal + error)).astype(np.float32), signal.astype(np.float32))
    scores = scored(SignalToDistortion(), row)
    assert scores["si_sdr"] == pytest.approx(20, abs=1e-3)
    assert scores["si_snr"] == pytest.approx(20, abs=1e-3)


def test_a_constant_offset_counts_in_si_sdr_alone(tmp_path) -> None:
    pytest.importorskip("torchmetrics")
    wav = noise(0.5)
    scores = scored(SignalToDistortion(), pair(tmp_path, wav + 0.1, wav))
    assert number(scores, "si_sdr") == pytest.approx(0, abs=0.2)
    assert number(scores, "si_snr") > 60


def third_octaves(wav: np.ndarray) -> np.ndarray:
    """The envelopes (15, frames) of STOI, Taal et al. 2011, section II: 10 kHz, 256 of 512, hop 128."""
    window = np.hanning(258)[1:-1]
    frames = np.array([window * wav[start : start + 256] for start in range(0, len(wav) - 256, 128)])
    power = np.abs(np.fft.rfft(frames, 512)) ** 2
    frequencies = np.arange(257) * 10000 / 512
    bands = []
    for band in range(15):
        low, high = (150 * 2 ** ((2 * band + side) / 6) for side in (-1, 1))
        first, last = (int(np.argmin((frequencies - edge) ** 2)) for edge in (low, high))
        bands.append(np.sqrt(power[:, first:last].sum(axis=1)))
    return np.array(bands)


def test_stoi_agrees_with_the_paper(tmp_path) -> None:
    """Equations 2 to 6 written out, on noise without pauses (nothing is cut as silent)."""
    pytest.importorskip("pystoi")
    clean = noise(1.5, seed=1, rate=10000)
    degraded = clean + 0.7 * noise(1.5, seed=2, rate=10000)
    x, y = third_octaves(clean.astype(np.float64)), third_octaves(degraded.astype(np.float64))
    correlations = []
    for end in range(30, x.shape[1] + 1):
        target, found = x[:, end - 30 : end], y[:, end - 30 : end]
        gain = np.linalg.norm(target, axis=1, keepdims=True) / np.linalg.norm(found, axis=1, keepdims=True)
        found = np.minimum(gain * found, target * (1 + 10 ** (15 / 20)))
        target, found = (part - part.mean(axis=1, keepdims=True) for part in (target, found))
        norms = np.linalg.norm(target, axis=1) * np.linalg.norm(found, axis=1)
        correlations.append((target * found).sum(axis=1) / norms)
    scores = scored(Intelligibility(), pair(tmp_path, degraded, clean, rate=10000))
    assert scores["stoi"] == pytest.approx(np.mean(correlations), abs=0.01)
    assert 0 < number(scores, "estoi") < number(scores, "stoi")


def test_stoi_of_too_little_speech_is_not_measured(tmp_path) -> None:
    pytest.importorskip("pystoi")
    assert Intelligibility().score(pair(tmp_path, melody(seconds=0.2), melody(seconds=0.2))) is None


def test_approximate_pesq_falls_with_noise_and_is_near_pesq_of_a_clean_copy(shared, tmp_path) -> None:
    pytest.importorskip("torch_pesq")
    wav, _ = read_audio(shared / "speech/kokoro_120/af_heart/af_heart_00069.opus", 16000)
    wav = wav[: 3 * 16000]
    scores = []
    for level in (0.0, 0.1, 1.0):
        noisy = wav + level * wav.std() * noise(3.0)[: wav.size] / 0.1
        scores.append(
            number(scored(ApproximatePerceptualQuality(), pair(tmp_path, noisy, wav)), "pesq_torch")
        )
    # 4.644 is what P.862.2 gives a copy
    assert scores[0] == pytest.approx(4.644, abs=0.01) and scores[0] > scores[1] > scores[2] > 1


def test_pesq_says_what_it_needs_or_agrees_with_the_standard(tmp_path) -> None:
    metric = PerceptualQuality()
    try:
        metric.prepare()
    except DependencyError as error:
        assert "pip install pesq" in str(error)
        return
    wav = melody(seconds=2)
    assert scored(metric, pair(tmp_path, wav, wav))["pesq"] == pytest.approx(4.644, abs=0.01)


@pytest.mark.parametrize("kind", WITHOUT_PACKAGES)
def test_other_lengths_silence_and_no_reference_are_not_measured(kind: type[PairedMetric], tmp_path) -> None:
    wav = noise(0.5)
    assert kind().score(pair(tmp_path, wav, noise(0.7))) is None
    assert kind().score(pair(tmp_path, wav, np.zeros_like(wav))) is None
    row = pair(tmp_path, wav, wav)
    assert kind().score(type(row)(2, "1", "x", row.audio)) is None


def test_a_difference_of_a_few_samples_is_cut(tmp_path) -> None:
    wav = noise(0.5)
    assert scored(LogSpectralDistance(), pair(tmp_path, wav[:-100], wav))["lsd"] == pytest.approx(0)


def test_the_recording_is_compared_at_the_rate_of_the_reference(tmp_path) -> None:
    seconds = np.arange(24000) / 24000
    high = np.sin(2 * np.pi * 300 * seconds).astype(np.float32)
    low = np.sin(2 * np.pi * 300 * np.arange(16000) / 16000).astype(np.float32)
    row = pair(tmp_path, low, low)
    mixed = type(row)(2, "1", "x", save(tmp_path, "high", high, 24000), reference=row.reference)
    assert number(scored(MultiResolutionDistance(), mixed), "stft_convergence") < 0.01
    assert math.isfinite(number(scored(LogSpectralDistance(), mixed), "lsd"))


def test_pesq_outlives_the_code_that_it_calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "pesq"
    package.mkdir()
    (package / "cypesq.py").write_text("class BufferTooShortError(Exception): ...\n")
    (package / "__init__.py").write_text(
        "import os\n"
        "class NoUtterancesError(Exception): ...\n"
        "def pesq(rate, reference, wav, kind):\n"
        "    if wav.size > 25 * rate:\n"
        "        os.abort()\n"
        "    return 3.0\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    metric = PerceptualQuality()
    for seconds, score in ((22, {"pesq": 3.0}), (30, None), (301, None)):
        wav = np.full(16_000 * seconds, 0.1, np.float32)
        assert metric.compare(wav, wav, 16_000) == score, seconds


def test_approximate_pesq_of_minutes_is_left_out() -> None:
    wav = np.full(16_000 * 301, 0.1, np.float32)
    assert ApproximatePerceptualQuality().compare(wav, wav, 16_000) is None

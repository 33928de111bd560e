"""Kaldi's filterbank, against its definition frame by frame."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from hiervox.processors.filterbank import log_filterbank


def kaldi(wav: np.ndarray, n_mels: int) -> np.ndarray:
    """`compute-fbank-feats --dither=0 --sample-frequency=16000`, less the mean: (n_mels, frames)."""

    def mel(hertz: float) -> float:
        return 1127 * np.log(1 + hertz / 700)

    edges = np.linspace(mel(20), mel(8000), n_mels + 2)
    bank = np.zeros((n_mels, 257))
    for bin_ in range(256):
        place = mel(bin_ * 16000 / 512)
        for band in range(n_mels):
            left, middle, right = edges[band : band + 3]
            if left < place <= middle:
                bank[band, bin_] = (place - left) / (middle - left)
            elif middle < place < right:
                bank[band, bin_] = (right - place) / (right - middle)
    window = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(400) / 399)) ** 0.85
    rows = []
    for start in range(0, len(wav) - 399, 160):
        frame = wav[start : start + 400].astype(np.float64)
        frame = frame - frame.mean()
        frame = np.concatenate([[0.03 * frame[0]], frame[1:] - 0.97 * frame[:-1]])
        power = np.abs(np.fft.rfft(frame * window, 512)) ** 2
        rows.append(np.log(np.maximum(bank @ power, np.finfo(np.float32).eps)))
    return (np.array(rows) - np.mean(rows, axis=0)).T


def test_as_kaldi_defines_it() -> None:
    wav = torch.randn(2, 3000, generator=torch.Generator().manual_seed(0)) * 0.1
    features = log_filterbank(wav, 24)
    assert features.shape == (2, 24, 17)
    for row, sound in zip(features, wav, strict=True):
        np.testing.assert_allclose(row.numpy(), kaldi(sound.numpy(), 24), atol=2e-3)


def test_loudness_does_not_matter() -> None:
    wav = torch.randn(1, 1600) * 0.1
    torch.testing.assert_close(log_filterbank(wav), log_filterbank(3 * wav), rtol=0, atol=1e-3)


def test_gradients_reach_the_samples() -> None:
    wav = torch.randn(1, 1600, requires_grad=True)
    log_filterbank(wav).square().sum().backward()
    assert wav.grad is not None and bool(wav.grad.isfinite().all()) and bool(wav.grad.any())


def test_less_than_a_frame_is_refused() -> None:
    with pytest.raises(ValueError, match="399 samples are less than a frame of 400"):
        log_filterbank(torch.zeros(1, 399))

"""Tests of `hiervox.processors.audio.resampling`."""

from __future__ import annotations

import time
import tracemalloc

import numpy as np
import pytest
import torch

from hiervox.processors.audio import resample, resample_chunks, resample_tensor
from hiervox.utils.errors import AudioError


def tone(rate: int, hertz: float = 440.0, seconds: float = 1.0) -> np.ndarray:
    return np.sin(2 * np.pi * hertz * np.arange(int(seconds * rate)) / rate).astype(np.float32)


def inner(rate: int) -> slice:
    return slice(rate // 10, -rate // 10)  # away from the edges, where the filter meets zeros


@pytest.mark.parametrize(("old", "new"), [(24000, 16000), (44100, 16000), (16000, 48000), (44099, 16000)])
def test_what_both_rates_can_hold_is_kept(old: int, new: int) -> None:
    result = resample(tone(old), old, new)
    assert result.dtype == np.float32 and result.shape == (new,)
    assert np.abs(result - tone(new))[inner(new)].max() < 1e-4


def test_what_the_lower_rate_cannot_hold_goes() -> None:
    assert np.abs(resample(tone(24000, 10000), 24000, 16000)[1600:-1600]).max() < 1e-4
    assert (
        np.abs(resample_tensor(torch.from_numpy(tone(24000, 10000)), 24000, 16000)[1600:-1600]).max() < 1e-4
    )


def test_the_length_is_rounded_up() -> None:
    for samples in (1, 999, 1000, 1001, 44099):
        for old, new in ((44100, 16000), (24000, 16000), (383_999, 16000)):
            assert resample(np.zeros(samples, np.float32), old, new).size == -(-samples * new // old)


def test_co_prime_rates_take_neither_time_nor_memory() -> None:
    wav = tone(44099, seconds=10)
    tracemalloc.start()
    began = time.perf_counter()
    resample(wav, 44099, 16000)
    assert time.perf_counter() - began < 5  # 0.03 s on an idle core
    assert tracemalloc.get_traced_memory()[1] < 8 * wav.nbytes
    tracemalloc.stop()


@pytest.mark.parametrize("rate", [0, 1, 999, 384_001, 1_000_003])
def test_rates_of_no_recording_are_refused(rate: int) -> None:
    for old, new in ((rate, 16000), (16000, rate)):
        with pytest.raises(AudioError, match=f"sampling rate of {rate} Hz"):
            resample(np.zeros(100, np.float32), old, new)


@pytest.mark.parametrize(("old", "new"), [(44100, 16000), (16000, 48000), (16000, 16000)])
def test_chunks_give_what_the_whole_gives(old: int, new: int) -> None:
    wav = np.random.default_rng(0).normal(0, 0.1, 3 * old + 7).astype(np.float32)
    chunks = [wav[:10], wav[10:10], wav[10:old], wav[old:]]
    joined = np.concatenate(list(resample_chunks(chunks, old, new)))
    assert joined.size == resample(wav, old, new).size
    np.testing.assert_allclose(joined, resample(wav, old, new), atol=1e-6)


@pytest.mark.parametrize(("old", "new"), [(24000, 16000), (48000, 16000), (44100, 16000), (16000, 24000)])
def test_the_filter_for_training_agrees_with_that_for_recordings(old: int, new: int) -> None:
    wav = sum(tone(old, hertz) for hertz in (100.0, 1234.5, 6900.0))
    result = resample_tensor(torch.from_numpy(wav).expand(2, 1, -1), old, new)
    assert result.shape == (2, 1, new)
    assert np.abs(result[1, 0].numpy() - resample(wav, old, new))[inner(new)].max() < 1e-3


def test_the_filter_for_training_is_differentiable() -> None:
    wav = torch.randn(1, 9, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda given: resample_tensor(given, 3000, 2000), wav)
    with pytest.raises(AudioError, match="44099 to 16000"):
        resample_tensor(torch.zeros(10), 44099, 16000)

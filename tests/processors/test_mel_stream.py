"""Tests of `hiervox.processors.mel_stream`."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from hiervox.processors.mel_stream import MelStream
from hiervox.processors.spectrogram import SpectrogramConfig, log_mel

WAV = np.random.default_rng(0).normal(0, 0.1, 7001).astype(np.float32)
SIZES = {"n_fft": 512, "win_length": 400, "hop_length": 160}
CONFIGS = [
    *(SpectrogramConfig(**SIZES, framing=framing) for framing in ("trimmed", "centered", "between")),
    SpectrogramConfig(**{**SIZES, "hop_length": 161}, framing="between", power=1, magnitude_epsilon=1e-6),
    SpectrogramConfig(**{**SIZES, "hop_length": 500}, framing="centered", window_norm=True),
]


@pytest.mark.parametrize("config", CONFIGS)
@pytest.mark.parametrize("chunk", [1, 130, 999, 7001])
def test_chunks_give_the_frames_of_the_whole(config: SpectrogramConfig, chunk: int) -> None:
    for samples in (257, 320, 3000, 7001) if chunk > 1 else (600,):
        wav = WAV[:samples]
        stream = MelStream(config)
        parts = [stream.push(wav[start : start + chunk]) for start in range(0, samples, chunk)]
        whole = log_mel(torch.from_numpy(wav)[None], config)[0].numpy()
        np.testing.assert_allclose(np.concatenate([*parts, stream.finish()], axis=1), whole, atol=1e-5)
    if chunk == 130 and config.hop_length < 500:
        assert sum(part.shape[1] for part in parts) > 0.9 * whole.shape[1]


def test_too_few_samples_have_no_frames() -> None:
    stream = MelStream(CONFIGS[0])
    assert stream.push(WAV[:256]).shape == (80, 0)
    with pytest.raises(ValueError, match="256 samples are too few"):
        stream.finish()

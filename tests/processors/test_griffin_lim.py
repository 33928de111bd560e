"""Tests of `hiervox.processors.griffin_lim`."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from hiervox.processors.griffin_lim import decompress, griffin_lim
from hiervox.processors.mel_presets import PRESETS
from hiervox.processors.spectrogram import compress, log_mel
from tests.models.base.data.corpora import voice


@pytest.mark.parametrize("name", ["hierspeechpp", "hifigan", "tacotron", "melgan", "diffwave"])
def test_the_logarithm_is_undone(name: str) -> None:
    config = PRESETS[name]
    mel = torch.linspace(0.01, 2, 50)
    np.testing.assert_allclose(decompress(compress(mel, config).numpy(), config), mel.numpy(), rtol=1e-4)


@pytest.mark.parametrize("name", ["hierspeechpp", "hifigan", "tacotron", "diffwave"])
def test_the_spectrogram_of_what_it_makes_is_the_one_given(name: str) -> None:
    config = PRESETS[name]
    wav = torch.from_numpy(voice(0.6, config.sample_rate).astype(np.float32))
    mel = log_mel(wav[None], config)[0]
    made = torch.from_numpy(griffin_lim(mel.numpy(), config, iterations=20))
    assert len(made) == config.samples(mel.shape[1])
    distance = (log_mel(made[None], config)[0] - mel).abs().mean()
    assert distance < 0.3 * mel.std(), float(distance / mel.std())
    assert np.array_equal(made.numpy(), griffin_lim(mel.numpy(), config, iterations=20))

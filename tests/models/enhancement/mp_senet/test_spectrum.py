"""Tests of `hiervox.models.enhancement.mp_senet.spectrum`."""

from __future__ import annotations

import torch

from hiervox.models.enhancement.mp_senet.config import MPSENetConfig
from hiervox.models.enhancement.mp_senet.spectrum import compressed_spectrum, waveform


def test_back_and_forth() -> None:
    config = MPSENetConfig()
    wav = torch.randn(2, 1600)
    amplitude, phase = compressed_spectrum(wav, config)
    assert amplitude.shape == phase.shape == (2, 201, 17)
    torch.testing.assert_close(waveform(amplitude, phase, config), wav, atol=1e-4, rtol=0)


def test_amplitude_is_compressed() -> None:
    config = MPSENetConfig()
    wav = torch.randn(1, 1600, dtype=torch.float64)  # nearly empty bins magnify rounding
    amplitude, phase = compressed_spectrum(wav, config)
    louder, same_phase = compressed_spectrum(10 * wav, config)
    torch.testing.assert_close(louder, 10**0.3 * amplitude)
    torch.testing.assert_close(same_phase.cos(), phase.cos())

"""Tests of `hiervox.modules.spectral.constant_q`."""

from __future__ import annotations

import math

import pytest
import torch

from hiervox.modules.spectral.constant_q import LOWEST_FREQUENCY, ConstantQ, double_rate


@pytest.mark.parametrize("bin_number", [12 * 4, 12 * 7 + 5])
def test_a_tone_lies_in_its_bin(bin_number: int) -> None:
    rate, bins = 48_000, 12
    hertz = LOWEST_FREQUENCY * 2 ** (bin_number / bins)
    wav = torch.sin(2 * math.pi * hertz / rate * torch.arange(rate)).view(1, 1, -1)
    spectrum = torch.view_as_complex(ConstantQ(rate, 512, bins, n_octaves=9)(wav)).abs()[0]
    middle = spectrum[:, spectrum.shape[1] // 2]
    assert int(middle.argmax()) == bin_number


def test_twice_the_rate_is_the_same_sound() -> None:
    rate, hertz = 24_000, 1000.0
    wav = torch.sin(2 * math.pi * hertz / rate * torch.arange(2000)).view(1, 1, -1)
    expected = torch.sin(2 * math.pi * hertz / (2 * rate) * torch.arange(4000))
    torch.testing.assert_close(double_rate(wav)[0, 0, 100:-100], expected[100:-100], atol=0.01, rtol=0)


@pytest.mark.parametrize(("rate", "hop"), [(48_000, 100), (16_000, 256)])
def test_refuses_what_does_not_fit(rate: int, hop: int) -> None:
    with pytest.raises(ValueError, match=r"halved|beyond"):
        ConstantQ(rate, hop, 12, n_octaves=9)

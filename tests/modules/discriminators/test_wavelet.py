"""Tests of `hiervox.modules.discriminators.wavelet`."""

from __future__ import annotations

import math

import torch

from hiervox.modules.discriminators.wavelet import WaveletConfig, WaveletDiscriminator, haar_transform
from tests.modules.discriminators.checks import check_outputs


def test_haar_by_hand() -> None:
    bands = haar_transform(torch.tensor([[[1.0, 3.0, -2.0, 2.0, 5.0]]]))
    expected = torch.tensor([[[4.0, 0.0, 10.0], [-2.0, -4.0, 0.0]]]) / math.sqrt(2)
    torch.testing.assert_close(bands, expected)


def test_haar_keeps_everything() -> None:
    wav = torch.randn(2, 1, 64)
    bands = haar_transform(haar_transform(wav))
    assert bands.shape == (2, 4, 16)
    for _ in range(2):
        low, high = bands.chunk(2, dim=1)
        bands = torch.stack([low + high, low - high], dim=-1).flatten(-2) / math.sqrt(2)
    torch.testing.assert_close(bands, wav)


def test_high_tone_ends_up_in_the_high_band() -> None:
    tone = torch.cos(math.pi * torch.arange(64.0)).view(1, 1, -1)
    low, high = haar_transform(tone).squeeze(0).square().sum(-1).tolist()
    assert low < 1e-6
    assert math.isclose(high, 64, rel_tol=1e-5)


def test_shapes_and_gradients() -> None:
    shapes = check_outputs(WaveletDiscriminator(WaveletConfig(levels=2, width=8)), 4, 200)
    bands = [(2, 8, 50), (2, 16, 25), (2, 32, 13), (2, 64, 7), (2, 64, 7), (2, 64, 7), (2, 1, 7)]
    assert shapes == [bands] * 4


def test_each_member_hears_one_band() -> None:
    discriminator = WaveletDiscriminator(WaveletConfig(levels=1, width=8))
    low, high = torch.randn(2, 1, 1, 32)
    wav = torch.stack([low + high, low - high], dim=-1).flatten(-2) / math.sqrt(2)
    for own, member, band in zip(discriminator(wav), discriminator.discriminators, (low, high), strict=True):
        torch.testing.assert_close(own.logits, member(band).logits)

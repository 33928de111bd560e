"""Tests of `hiervox.modules.discriminators.multi_period`."""

from __future__ import annotations

from itertools import pairwise

import torch

from hiervox.modules.discriminators.multi_period import (
    MultiPeriodConfig,
    MultiPeriodDiscriminator,
    PeriodDiscriminator,
)
from tests.modules.discriminators.checks import check_outputs


def test_shapes_and_gradients() -> None:
    discriminator = MultiPeriodDiscriminator(MultiPeriodConfig(periods=(2, 5), channels=(4, 8, 8)))
    shapes = check_outputs(discriminator, 2, 301)
    # 301 samples are 151 rows of 2; strides 3, 3, 1.
    assert shapes[0] == [(2, 4, 51, 2), (2, 8, 17, 2), (2, 8, 17, 2), (2, 1, 17, 2)]
    assert shapes[1][0] == (2, 4, 21, 5)


def test_columns_do_not_meet() -> None:
    discriminator = PeriodDiscriminator(4, MultiPeriodConfig(channels=(4, 4)))
    wav = torch.randn(1, 1, 80, requires_grad=True)
    discriminator(wav)[1][-1][..., 1].sum().backward()
    assert wav.grad is not None
    touched = wav.grad.view(20, 4).abs().sum(0) > 0
    assert touched.tolist() == [False, True, False, False]


def test_published_size() -> None:
    with torch.device("meta"):
        discriminator = PeriodDiscriminator(2, MultiPeriodConfig())
    weights = sum(p.numel() for name, p in discriminator.named_parameters() if "original0" not in name)
    channels = (1, 32, 128, 512, 1024, 1024)
    pairs = pairwise(channels)
    assert weights == sum(5 * a * b + b for a, b in pairs) + 3 * 1024 + 1

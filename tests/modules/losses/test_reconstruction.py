"""Tests of `hiervox.modules.losses.reconstruction`."""

from __future__ import annotations

import pytest
import torch

from hiervox.modules.losses.reconstruction import log_f0_l1, mel_l1


def test_mel_l1_is_the_mean_difference() -> None:
    predicted, target = torch.tensor([[[1.0, 2.0]]]), torch.tensor([[[0.0, 4.0]]])
    assert float(mel_l1(predicted, target)) == pytest.approx(1.5)


def test_mel_l1_is_float32() -> None:
    half = torch.zeros(1, 1, 2, dtype=torch.bfloat16)
    assert mel_l1(half, half).dtype is torch.float32


def test_log_f0_l1_keeps_to_real_frames() -> None:
    predicted, target = torch.tensor([[[1.0, 2.0, 9.0]]]), torch.tensor([[[2.0, 5.0, 0.0]]])
    assert float(log_f0_l1(predicted, target, torch.tensor([[[1.0, 1.0, 0.0]]]))) == 2.0

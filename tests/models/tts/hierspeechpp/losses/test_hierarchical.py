"""Tests of `hiervox.models.tts.hierspeechpp.losses.hierarchical`."""

from __future__ import annotations

import torch

from hiervox.models.tts.hierspeechpp.losses.hierarchical import prosody_l1


def test_prosody_l1_averages_the_lowest_bins_over_real_frames() -> None:
    mel = torch.tensor([[[1.0, 2.0, 3.0], [0.0, 0.0, 0.0], [50.0, 50.0, 50.0]]])
    predicted = torch.tensor([[[2.0, 2.0, 9.0], [3.0, 0.0, 9.0]]])
    mask = torch.tensor([[[1.0, 1.0, 0.0]]])
    torch.testing.assert_close(prosody_l1(predicted, mel, mask), torch.tensor((1 + 0 + 3 + 0) / 4))


def test_prosody_l1_is_computed_in_float32() -> None:
    half = torch.ones(1, 2, 3, dtype=torch.bfloat16)
    assert prosody_l1(half, half, torch.ones(1, 1, 3)).dtype == torch.float32

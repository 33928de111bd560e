from __future__ import annotations

import math

import torch

from hiervox.models.base.pipelines.pitch_control import drop_low_pitch, shape_pitch

HZ = torch.tensor([0.0, 100.0, 0.0, 200.0, 400.0])


def test_an_octave_doubles_and_unvoiced_stays() -> None:
    shifted = shape_pitch(HZ.log1p(), 12).expm1()
    torch.testing.assert_close(shifted, 2 * HZ)


def test_range_scales_around_the_mean_of_log_f0() -> None:
    wide = shape_pitch(HZ.log1p(), pitch_range=2).expm1()
    torch.testing.assert_close(wide, torch.tensor([0.0, 50.0, 0.0, 200.0, 800.0]))
    flat = shape_pitch(HZ.log1p(), pitch_range=0).expm1()
    torch.testing.assert_close(flat, torch.tensor([0.0, 200.0, 0.0, 200.0, 200.0]))


def test_controls_for_each_frame() -> None:
    shifted = shape_pitch(HZ.log1p(), torch.tensor([0.0, 0.0, 12.0, 12.0, -12.0])).expm1()
    torch.testing.assert_close(shifted, torch.tensor([0.0, 100.0, 0.0, 400.0, 200.0]))


def test_nothing_voiced_and_nothing_asked() -> None:
    silent = torch.zeros(2, 5)
    assert not shape_pitch(silent, 5, 0).any()
    log_f0 = HZ.log1p()
    assert shape_pitch(log_f0) is log_f0


def test_what_is_under_the_published_floor_is_unvoiced() -> None:
    log_f0 = torch.tensor([-0.5, math.log(54.9), math.log(55.1)])
    torch.testing.assert_close(drop_low_pitch(log_f0), torch.tensor([0.0, 0.0, math.log(55.1)]))

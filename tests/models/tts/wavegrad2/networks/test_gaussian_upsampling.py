"""Tests of `hiervox.models.tts.wavegrad2.networks.gaussian_upsampling`."""

from __future__ import annotations

import torch

from hiervox.models.tts.wavegrad2.networks.gaussian_upsampling import frame_positions, gaussian_alignment

DURATIONS = torch.tensor([[2.0, 4.0, 2.0, 0.0]])
MASK = torch.tensor([[[1.0, 1.0, 1.0, 0.0]]])


def test_narrow_gaussians_give_each_frame_its_token() -> None:
    positions = frame_positions(torch.zeros(1, dtype=torch.long), 8)
    weights = gaussian_alignment(DURATIONS, torch.tensor([[0.5, 1.0, 0.5, 1.0]]), MASK, positions)
    assert weights.argmax(2).tolist() == [[0, 0, 1, 1, 1, 1, 2, 2]]
    torch.testing.assert_close(weights, weights.flip(1)[..., [2, 1, 0, 3]])  # frames stand in their middles
    torch.testing.assert_close(weights.sum(2), torch.ones(1, 8))
    assert not weights[..., 3].any()


def test_frames_far_from_any_token_still_have_one_unless_as_published() -> None:
    far = frame_positions(torch.tensor([60]), 3)
    ranges = torch.ones(1, 4)
    ours = gaussian_alignment(DURATIONS, ranges, MASK, far)
    torch.testing.assert_close(ours[0, :, 2], torch.ones(3))
    assert not gaussian_alignment(DURATIONS, ranges, MASK, far, epsilon=1e-8).any()


def test_frames_can_be_computed_from_anywhere() -> None:
    ranges = torch.tensor([[0.5, 1.0, 0.5, 1.0]])
    whole = gaussian_alignment(DURATIONS, ranges, MASK, frame_positions(torch.tensor([0]), 8))
    part = gaussian_alignment(DURATIONS, ranges, MASK, frame_positions(torch.tensor([3]), 4))
    torch.testing.assert_close(part, whole[:, 3:7])


def test_vanishing_ranges_stay_finite() -> None:
    ranges = torch.zeros(1, 4, requires_grad=True)
    weights = gaussian_alignment(DURATIONS, ranges, MASK, frame_positions(torch.tensor([0]), 8))
    weights.square().sum().backward()
    assert ranges.grad is not None and ranges.grad.isfinite().all()

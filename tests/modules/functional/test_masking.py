"""Tests of `hiervox.modules.functional.masking`."""

from __future__ import annotations

import torch

from hiervox.modules.functional.masking import (
    mask_lengths,
    random_segment_starts,
    sequence_mask,
    slice_segments,
)


def test_sequence_mask_marks_real_frames() -> None:
    mask = sequence_mask(torch.tensor([3, 1]), 4)
    assert mask.tolist() == [[[1, 1, 1, 0]], [[1, 0, 0, 0]]]
    assert mask.dtype == torch.float32
    assert sequence_mask(torch.tensor([3, 1])).shape == (2, 1, 3)
    assert mask_lengths(mask).tolist() == [3, 1]


def test_slices_are_cut_where_they_start_and_padded_beyond_the_end() -> None:
    x = torch.arange(10.0).view(2, 1, 5)
    assert slice_segments(x, torch.tensor([0, 2]), 3).tolist() == [[[0, 1, 2]], [[7, 8, 9]]]
    assert slice_segments(x, torch.tensor([4, 0]), 3).tolist() == [[[4, 0, 0]], [[5, 6, 7]]]


def test_starts_reach_every_place_where_a_slice_fits() -> None:
    lengths = torch.tensor([6, 4, 2]).repeat_interleave(200)
    starts = random_segment_starts(lengths, 4, torch.Generator().manual_seed(0)).view(3, 200)
    assert [sorted(set(row)) for row in starts.tolist()] == [[0, 1, 2], [0], [0]]


def test_starts_follow_the_generator() -> None:
    lengths = torch.full((8,), 1000)
    first, second = (random_segment_starts(lengths, 4, torch.Generator().manual_seed(1)) for _ in range(2))
    assert torch.equal(first, second)

from __future__ import annotations

import itertools

import pytest
import torch
from torch import Tensor

from hiervox.modules.alignment.monotonic import (
    gaussian_log_likelihood,
    generate_path,
    maximum_path,
)


def joint_mask(frame_lengths: list[int], token_lengths: list[int]) -> Tensor:
    mask = torch.zeros(len(frame_lengths), max(frame_lengths), max(token_lengths))
    for item, (frames, tokens) in enumerate(zip(frame_lengths, token_lengths, strict=True)):
        mask[item, :frames, :tokens] = 1
    return mask


def best_score_of_all_paths(log_likelihood: Tensor) -> float:
    """By trying every way to cut T frames into L runs."""
    n_frames, n_tokens = log_likelihood.shape
    scores = []
    for cuts in itertools.combinations(range(1, n_frames), n_tokens - 1):
        edges = (0, *cuts, n_frames)
        runs = [log_likelihood[edges[token] : edges[token + 1], token].sum() for token in range(n_tokens)]
        scores.append(float(sum(runs)))
    return max(scores)


def test_maximum_path_is_the_best_of_all_paths() -> None:
    torch.manual_seed(0)
    frame_lengths, token_lengths = [7, 9, 4, 5, 6, 1], [3, 5, 4, 1, 2, 1]
    log_likelihood = 10 * torch.randn(6, 9, 5)
    mask = joint_mask(frame_lengths, token_lengths)
    path = maximum_path(log_likelihood, mask)
    for item, (frames, tokens) in enumerate(zip(frame_lengths, token_lengths, strict=True)):
        own = path[item, :frames, :tokens]
        assert torch.equal(own.sum(1), torch.ones(frames))
        steps = own.argmax(1).diff()
        assert ((steps == 0) | (steps == 1)).all()
        assert (own.argmax(1)[0], own.argmax(1)[-1]) == (0, tokens - 1)
        score = float((own * log_likelihood[item, :frames, :tokens]).sum())
        assert score == pytest.approx(
            best_score_of_all_paths(log_likelihood[item, :frames, :tokens]), abs=1e-4
        )
    assert (path * (1 - mask)).sum() == 0


def test_maximum_path_ignores_what_padding_holds() -> None:
    torch.manual_seed(0)
    log_likelihood, mask = torch.randn(1, 8, 4), joint_mask([6], [3])
    padded = torch.full((1, 8, 4), 1e6)
    padded[:, :6, :3] = log_likelihood[:, :6, :3]
    expected = maximum_path(log_likelihood[:, :6, :3], mask)
    mask = torch.zeros(1, 8, 4)
    mask[:, :6, :3] = 1
    assert torch.equal(maximum_path(padded, mask)[:, :6, :3], expected)


def test_maximum_path_refuses_fewer_frames_than_tokens() -> None:
    with pytest.raises(ValueError, match="fewer frames than tokens"):
        maximum_path(torch.randn(2, 5, 4), joint_mask([5, 3], [4, 4]))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bool, torch.int64])
def test_the_path_has_the_dtype_of_the_mask(dtype: torch.dtype) -> None:
    scores, mask = torch.randn(2, 4, 6).mT, joint_mask([6, 5], [4, 2]).to(dtype)
    path = maximum_path(scores.requires_grad_(), mask)
    assert path.dtype == dtype and not path.requires_grad
    assert path.sum(2).tolist() == [[1, 1, 1, 1, 1, 1], [1, 1, 1, 1, 1, 0]]


def test_an_item_without_frames_has_an_empty_path() -> None:
    mask = joint_mask([5, 0], [4, 0])
    assert maximum_path(torch.randn(2, 5, 4), mask).sum((1, 2)).tolist() == [5, 0]


def test_scores_and_mask_of_different_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match="differ in shape"):
        maximum_path(torch.randn(2, 5, 4), joint_mask([5], [4]))


def test_generated_path_spends_each_duration_in_order() -> None:
    durations = torch.tensor([[2.0, 0.0, 3.0], [1.0, 1.0, 0.0]])
    path = generate_path(durations, joint_mask([5, 2], [3, 2]))
    assert path[0].argmax(1).tolist() == [0, 0, 2, 2, 2]
    assert torch.equal(path.sum(1), durations)
    assert path[1, 2:].sum() == 0


def test_log_likelihood_is_that_of_torch_distributions() -> None:
    torch.manual_seed(0)
    z, mean, log_std = torch.randn(2, 3, 6), torch.randn(2, 3, 4), 0.3 * torch.randn(2, 3, 4)
    normal = torch.distributions.Normal(mean.unsqueeze(2), log_std.exp().unsqueeze(2))
    expected = normal.log_prob(z.unsqueeze(3)).sum(1)
    torch.testing.assert_close(gaussian_log_likelihood(z, mean, log_std), expected, atol=1e-4, rtol=1e-4)

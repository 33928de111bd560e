from __future__ import annotations

import itertools
import logging
import math
import subprocess
import sys
from typing import Any

import pytest
import torch
from torch import Tensor

from hiervox.modules.alignment import monotonic
from hiervox.modules.alignment.monotonic import (
    best_tokens,
    gaussian_log_likelihood,
    generate_path,
    maximum_path,
)

KERNELS = "hiervox.modules.alignment.monotonic_kernels"


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


def random_items() -> tuple[Tensor, Tensor, Tensor]:
    """Scores and lengths of nine items, among them equal scores, infinities and NaN."""
    torch.manual_seed(0)
    scores = 10 * torch.randn(9, 60, 40)
    scores[1] = 0
    scores[2] = scores[2].round()
    scores[3, 10:20, 5:9] = -math.inf
    scores[4, 7, 3] = math.nan
    scores[5, 30, 20] = math.inf
    return (
        scores,
        torch.tensor([60, 60, 50, 45, 60, 60, 1, 40, 7]),
        torch.tensor([40, 31, 13, 17, 30, 33, 1, 40, 2]),
    )


def test_the_compiled_search_finds_the_paths_of_the_one_step_by_step() -> None:
    scores, frames, tokens = random_items()
    compiled = monotonic._compiled_search()
    assert compiled is not None
    expected = best_tokens(scores, frames, tokens)
    assert torch.equal(monotonic._run_search(compiled, scores, frames, tokens), expected)


def test_the_number_of_threads_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    scores, frames, tokens = random_items()
    monkeypatch.setattr(monotonic, "LEAST_SCORES_A_THREAD", 1)
    before, compiled = torch.get_num_threads(), monotonic._compiled_search()
    assert compiled is not None
    try:
        torch.set_num_threads(3)
        shared = monotonic._run_search(compiled, scores, frames, tokens)
    finally:
        torch.set_num_threads(before)
    assert torch.equal(shared, best_tokens(scores, frames, tokens))


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


def test_without_numba_it_searches_step_by_step_and_says_so_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    scores, mask = torch.randn(2, 9, 5), joint_mask([9, 7], [5, 3])
    expected = maximum_path(scores, mask)
    monkeypatch.setitem(sys.modules, KERNELS, None)
    monkeypatch.delattr(KERNELS, raising=False)
    monkeypatch.setattr(logging.getLogger("hiervox"), "propagate", True)
    monotonic._compiled_search.cache_clear()
    with caplog.at_level(logging.WARNING):
        paths = [maximum_path(scores, mask) for _ in range(2)]
    monotonic._compiled_search.cache_clear()
    assert all(torch.equal(path, expected) for path in paths)
    assert len({id(record) for record in caplog.records if "step by step" in record.message}) == 1


def test_a_search_that_finds_other_paths_is_refused(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def search(scores: Any, frames: Any, tokens: Any, aligned: Any, first: int, last: int) -> None:
        aligned[first:last] = 0

    monkeypatch.setattr(f"{KERNELS}.search", search)
    monkeypatch.setattr(logging.getLogger("hiervox"), "propagate", True)
    with caplog.at_level(logging.WARNING):
        assert monotonic._compiled_search.__wrapped__() is None
    assert "another path" in caplog.text


def test_importing_it_does_not_import_numba() -> None:
    code = f"import sys, {monotonic.__name__}; assert 'numba' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=300)


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

"""Tests of `hiervox.modules.kernels.monotonic_search`: the same paths as step by step."""

from __future__ import annotations

import logging
import math
import subprocess
import sys
from typing import Any

import pytest
import torch
from torch import Tensor

from hiervox.modules.alignment.monotonic import best_tokens, maximum_path
from hiervox.modules.kernels import monotonic_search
from tests.modules.alignment.test_monotonic import joint_mask

KERNELS = "hiervox.modules.kernels.monotonic_numba"


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
    compiled = monotonic_search._compiled_search()
    assert compiled is not None
    expected = best_tokens(scores, frames, tokens)
    assert torch.equal(monotonic_search._run_search(compiled, scores, frames, tokens), expected)


def test_the_number_of_threads_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    scores, frames, tokens = random_items()
    monkeypatch.setattr(monotonic_search, "LEAST_SCORES_A_THREAD", 1)
    before, compiled = torch.get_num_threads(), monotonic_search._compiled_search()
    assert compiled is not None
    try:
        torch.set_num_threads(3)
        shared = monotonic_search._run_search(compiled, scores, frames, tokens)
    finally:
        torch.set_num_threads(before)
    assert torch.equal(shared, best_tokens(scores, frames, tokens))


def test_without_numba_it_searches_step_by_step_and_says_so_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    scores, mask = torch.randn(2, 9, 5), joint_mask([9, 7], [5, 3])
    expected = maximum_path(scores, mask)
    monkeypatch.setitem(sys.modules, KERNELS, None)
    monkeypatch.delattr(KERNELS, raising=False)
    monkeypatch.setattr(logging.getLogger("hiervox"), "propagate", True)
    monotonic_search._compiled_search.cache_clear()
    with caplog.at_level(logging.WARNING):
        paths = [maximum_path(scores, mask) for _ in range(2)]
    monotonic_search._compiled_search.cache_clear()
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
        assert monotonic_search._compiled_search.__wrapped__() is None
    assert "another path" in caplog.text


def test_importing_it_does_not_import_numba() -> None:
    code = f"import sys, {monotonic_search.__name__}; assert 'numba' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=300)


def test_a_cpu_takes_the_compiled_search(monkeypatch: pytest.MonkeyPatch) -> None:
    used: list[int] = []

    def run(search: Any, scores: Tensor, frames: Tensor, tokens: Tensor) -> Tensor:
        used.append(len(scores))
        return best_tokens(scores, frames, tokens)

    monkeypatch.setattr(monotonic_search, "_run_search", run)
    maximum_path(torch.randn(2, 9, 5), joint_mask([9, 7], [5, 3]))
    assert used[-1:] == [2]

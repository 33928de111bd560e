"""The search for a monotonic alignment on a CPU, compiled.

Torch's dispatcher takes it for tensors there, and for those on a GPU, which go there and back.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import Any

import torch
from torch import Tensor

from hiervox.modules.alignment.monotonic import best_tokens
from hiervox.modules.kernels.compiled import announced, made_or_none, run_shares
from hiervox.utils.logging import get_logger

LEAST_SCORES_A_THREAD = 1 << 17
"""Fewer take less time than to wake a thread."""

_log = get_logger("alignment")


def best_tokens_on_cpu(scores: Tensor, frame_lengths: Tensor, token_lengths: Tensor) -> Tensor:
    """As `best_tokens`, compiled where numba can be had."""
    compiled = _compiled_search()
    if compiled is None:
        return best_tokens(scores, frame_lengths, token_lengths)
    return _run_search(compiled, scores, frame_lengths, token_lengths)


def best_tokens_off_gpu(scores: Tensor, frame_lengths: Tensor, token_lengths: Tensor) -> Tensor:
    """As `best_tokens`, on the processor: a GPU would be told to do several small operations a frame."""
    found = best_tokens_on_cpu(scores.cpu(), frame_lengths.cpu(), token_lengths.cpu())
    return found.to(scores.device)


@cache
def _compiled_search() -> Callable[..., None] | None:
    """The compiled search; None, with one line in the log, where numba is of no use."""
    instead = "alignments are searched step by step, which is slower: numba is of no use here"
    return made_or_none(_checked_search, _log, instead)


def _checked_search() -> Callable[..., None]:
    """The compiled search, compiled or read from numba's cache by a call on a few frames.

    Raises:
        RuntimeError: it finds another path.
    """
    with announced(_log, "preparing the alignment search for this processor"):
        from hiervox.modules.kernels.monotonic_numba import search

        scores = torch.arange(60.0).sin().view(2, 6, 5)
        frames, tokens = torch.tensor([6, 4]), torch.tensor([5, 3])
        if not torch.equal(_run_search(search, scores, frames, tokens), best_tokens(scores, frames, tokens)):
            raise RuntimeError("it finds another path")
    return search


def _run_search(
    search: Callable[..., None], scores: Tensor, frame_lengths: Tensor, token_lengths: Tensor
) -> Tensor:
    """As `best_tokens`, the items shared among torch's threads."""
    aligned = frame_lengths.new_empty(scores.shape[:2])
    tensors = (scores.contiguous(), frame_lengths, token_lengths, aligned)
    arrays: list[Any] = [tensor.detach().numpy() for tensor in tensors]
    threads = min(torch.get_num_threads(), max(1, scores.numel() // LEAST_SCORES_A_THREAD))
    run_shares(partial(search, *arrays), len(scores), threads)
    return aligned


_operators = torch.library.Library("hiervox", "IMPL")
_operators.impl("best_tokens", best_tokens_on_cpu, "CPU")
_operators.impl("best_tokens", best_tokens_off_gpu, "CUDA")

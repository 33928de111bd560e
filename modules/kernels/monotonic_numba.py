"""The compiled search for a monotonic alignment; for `monotonic_search`: importing it imports numba."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hiervox.modules.kernels.compiled import compiled


@compiled
def search(
    scores: NDArray[np.float32],
    frame_lengths: NDArray[np.int64],
    token_lengths: NDArray[np.int64],
    aligned: NDArray[np.int64],
    first: int,
    last: int,
) -> None:
    """The token of each frame on the best paths of items `first` to `last`.

    Args:
        scores: (B, T, L), contiguous.
        frame_lengths, token_lengths: (B,), at least 1.
        aligned: (B, T), written; behind an item's end its last token.
        first, last: items.
    """
    for item in range(first, last):
        frames, tokens = frame_lengths[item], token_lengths[item]
        # best[l + 1] is the score of the best partial path that ends at token l; nothing ends before token 0.
        best = np.full(tokens + 1, np.float32(-np.inf), np.float32)
        after = np.full(tokens + 1, np.float32(-np.inf), np.float32)
        stepped = np.empty((frames, tokens), np.bool_)
        best[1] = scores[item, 0, 0]
        for frame in range(1, frames):
            row, steps = scores[item, frame], stepped[frame]
            stay, step, reached = best[1:], best[:-1], after[1:]
            for token in range(tokens):
                steps[token] = step[token] > stay[token]
                # a NaN stays one, as in torch.maximum
                better = step[token] > stay[token] or step[token] != step[token]
                reached[token] = (step[token] if better else stay[token]) + row[token]
            best, after = after, best
        token = tokens - 1
        aligned[item, frames - 1 :] = token
        for frame in range(frames - 1, 0, -1):
            token -= np.int64(stepped[frame, token])
            aligned[item, frame - 1] = token

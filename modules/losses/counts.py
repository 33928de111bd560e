"""What means over frames and tokens divide by, where several processes share one batch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from torch import Tensor

_mean_over_processes: Callable[[Tensor], Tensor] | None = None


@contextmanager
def counts_over_processes(mean: Callable[[Tensor], Tensor]) -> Iterator[None]:
    """Let `real_count` within the block be its mean over the processes that train together.

    Each process sums over its own share of the batch, and data-parallel training takes the mean of their
    gradients. Divided by the processes' mean count, that is the gradient of the mean over the whole batch,
    however unevenly its frames are shared. Every process has to count equally often.

    Args:
        mean: of a scalar over all processes; each process calls it.
    """
    global _mean_over_processes
    before, _mean_over_processes = _mean_over_processes, mean
    try:
        yield
    finally:
        _mean_over_processes = before


def real_count(mask: Tensor) -> Tensor:
    """How many ones `mask` holds, at least 1; a scalar in float32."""
    count = mask.float().sum()
    if _mean_over_processes is not None:
        count = _mean_over_processes(count)
    return count.clamp_min(1)

"""The states that a sampler goes through, for whoever wants to see or to hear every step.

A sampler gives its states one by one, the start first, and `last_state` takes the last of them::

    def integrate(velocity, state, times):
        return last_state("flow", _integrated(velocity, state, times))

Nothing is kept, until `recorded_trajectories` asks for all states, or `given_states` has an earlier one go on
in place of the last.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class Trajectory:
    """What one call of a sampler went through.

    Attributes:
        name: of the sampler.
        states: (B, ...) each, the start first.
    """

    name: str
    states: list[Tensor]


_Watcher = Callable[[str, Iterator[Tensor]], Tensor]
_watcher: ContextVar[_Watcher | None] = ContextVar("watcher", default=None)


def last_state(name: str, states: Iterator[Tensor]) -> Tensor:
    """The last of a sampler's states.

    Args:
        name: of the sampler, in the field's terms.
        states: the start, then the state after each step.
    """
    watcher = _watcher.get()
    if watcher is not None:
        return watcher(name, states)
    return deque(states, maxlen=1)[0]


@contextmanager
def recorded_trajectories() -> Iterator[list[Trajectory]]:
    """The trajectories of all samplers that run inside, in the order of their calls."""
    found: list[Trajectory] = []

    def watch(name: str, states: Iterator[Tensor]) -> Tensor:
        found.append(Trajectory(name, [state.detach().clone() for state in states]))
        return found[-1].states[-1].clone()

    with _watched_by(watch):
        yield found


@contextmanager
def given_states(states: Sequence[Tensor | None]) -> Iterator[None]:
    """Samplers that run inside take no steps: the n-th call gives the n-th state.

    Args:
        states: one a call; None, and calls beyond the last, sample as usual.
    """
    left = iter(states)

    def watch(name: str, sampled: Iterator[Tensor]) -> Tensor:
        given = next(left, None)
        return deque(sampled, maxlen=1)[0] if given is None else given.clone()

    with _watched_by(watch):
        yield


@contextmanager
def _watched_by(watcher: _Watcher) -> Iterator[None]:
    token = _watcher.set(watcher)
    try:
        yield
    finally:
        _watcher.reset(token)

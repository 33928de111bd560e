"""The latest results of a function, within a size: recordings of hours are not kept by dozens."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, Generic, TypeVar

import numpy as np

MOST_RESULTS = 32
"""Recordings kept at once: one reference serves every system."""
MOST_BYTES = 2**28
"""Of arrays kept at once; a larger result is kept until the next one."""
ResultT = TypeVar("ResultT")


class Latest(Generic[ResultT]):
    """A function whose latest results are kept by its arguments.

    Args:
        function: of hashable arguments, to an array, a tuple that holds arrays, or anything small.
    """

    def __init__(self, function: Callable[..., ResultT]) -> None:
        self._function = function
        self._results: OrderedDict[tuple[Hashable, ...], ResultT] = OrderedDict()
        self._bytes = 0

    def __call__(self, *arguments: Hashable) -> ResultT:
        """The function's result, made where it is not kept."""
        if arguments in self._results:
            self._results.move_to_end(arguments)
            return self._results[arguments]
        result = self._function(*arguments)
        self._results[arguments] = result
        self._bytes += _size(result)
        while len(self._results) > 1 and (len(self._results) > MOST_RESULTS or self._bytes > MOST_BYTES):
            _, dropped = self._results.popitem(last=False)
            self._bytes -= _size(dropped)
        return result


def _size(result: Any) -> int:
    parts = result if isinstance(result, tuple) else (result,)
    return sum(part.nbytes for part in parts if isinstance(part, np.ndarray))

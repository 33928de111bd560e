"""Sequences in windows: what depends on a known distance alone, in bounded memory and to the same values."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Window:
    """A window of a sequence.

    Attributes:
        item: which sequence.
        first, last: what a pass sees.
        start, stop: what is kept of it.
    """

    item: int
    first: int
    last: int
    start: int
    stop: int


def window_plan(length: int, kept: int, context: int, item: int = 0) -> list[Window]:
    """Windows that together keep all of a sequence.

    Args:
        length: of the sequence.
        kept: what is kept of a window.
        context: what a window sees beyond that, unless the sequence ends.
        item: which sequence it is.

    Returns:
        Windows that all see `kept + 2 * context`, or one that sees all of a shorter sequence.
    """
    seen = kept + 2 * context
    if length <= seen:
        return [Window(item, 0, length, 0, length)]
    firsts = [(start, min(max(start - context, 0), length - seen)) for start in range(0, length, kept)]
    return [Window(item, first, first + seen, start, min(start + kept, length)) for start, first in firsts]


def cut(sequences: Sequence[Tensor], windows: Sequence[Window], rate: int = 1) -> Tensor:
    """What windows of one length see: (C, rate * T_i) each → (windows, C, rate * length)."""
    return torch.stack(
        [sequences[window.item][:, rate * window.first : rate * window.last] for window in windows]
    )


def run_windows(
    network: Callable[[Sequence[Window]], Tensor],
    plan: Sequence[Window],
    rate: int,
    passes: int,
    filled: bool = False,
) -> list[Tensor]:
    """Apply a network in windows; those of one length share passes, whichever sequences they are of.

    Args:
        network: windows of one length T → (windows, C, rate * T).
        plan: all windows of all sequences, in order.
        rate: samples of the output to one of the input.
        passes: most windows to one pass.
        filled: whether the last window of a pass is repeated until there are 1, 2, 4, … of them, so that
            passes have few shapes.

    Returns:
        (C, rate * T_i) each.
    """
    of_length: dict[int, list[Window]] = defaultdict(list)
    lengths: dict[int, int] = {}
    for window in plan:
        of_length[window.last - window.first].append(window)
        lengths[window.item] = window.stop
    outputs: dict[int, Tensor] = {}
    for windows in of_length.values():
        for begin in range(0, len(windows), passes):
            group = windows[begin : begin + passes]
            missing = (1 << (len(group) - 1).bit_length()) - len(group) if filled else 0
            made = network([*group, *group[-1:] * missing])
            for window, output in zip(group, made[: len(group)], strict=True):
                if window.item not in outputs:
                    outputs[window.item] = output.new_empty(output.shape[0], rate * lengths[window.item])
                kept = output[:, rate * (window.start - window.first) : rate * (window.stop - window.first)]
                outputs[window.item][:, rate * window.start : rate * window.stop] = kept
    return [outputs[item] for item in range(len(lengths))]

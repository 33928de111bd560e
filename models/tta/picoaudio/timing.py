"""When each event of a sound is heard: as text, and as the matrix that PicoAudio is conditioned on.

PicoAudio (arXiv 2407.02869), section 2.1.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from hiervox.processors.event_times import Events, Spans, parse_events, parse_span
from hiervox.utils.errors import ConfigError
from hiervox.utils.registry import nearest

TimingMatrix = NDArray[np.float32]

HINT = 'write "bell at 0.5-2.0, 3.0-4.5 and rain at 1-4", or "bell 3 times"'
ROUNDING = 1e-6
"""Of a place: 25 places a second times 4.52 s are 113, though not in floating point."""
_AND = re.compile(r"\s+and\s+|\s*;\s*")
_AT = re.compile(r"(?P<event>.+?)\s+at\s+(?P<spans>[\d.,\s-]+)")
_TIMES = re.compile(r"(?P<event>.+?)\s+(?P<count>\d+|once|twice)(?:\s+times?)?")
_COUNTS = {"once": 1, "twice": 2}
_SHARE = 0.6
"""Of the time from one of several events to the next, that it sounds."""


def parse_timing(caption: str, known: Sequence[str], seconds: float) -> dict[str, Spans]:
    """The events of a caption and when they are heard.

    Args:
        caption: events, each with its times or with how often it is heard, joined by "and": see `HINT`; an
            event alone is heard all the time. The published form `bell__0.5-2.0_3.0-4.5--rain__1-4` is
            understood, too.
        known: names of the events that there are.
        seconds: of the sound, over which events that are counted are spread.

    Raises:
        ConfigError: an event that is not known.
        DataError: times that are none.
    """
    if "__" in caption:
        return parse_published(caption, known)
    events: dict[str, Spans] = {}
    for part in _AND.split(caption.strip().rstrip(".")):
        if match := _AT.fullmatch(part):
            spans = [parse_span(each) for each in re.split(r"\s*,\s*", match["spans"].strip(" ,"))]
        elif match := _TIMES.fullmatch(part):
            spans = _spread(_COUNTS.get(match["count"]) or int(match["count"]), seconds)
        else:
            match, spans = None, [(0.0, seconds)]
        name = part if match is None else match["event"]
        events.setdefault(_known(name, known), []).extend(spans)
    return events


def parse_published(text: str, known: Sequence[str]) -> dict[str, Spans]:
    """Of the form `event__0.5-2.0_3.0-4.5--event__…`.

    Raises:
        ConfigError: an event that is not known.
        DataError: times that are none.
    """
    return {_known(name, known): spans for name, spans in parse_events(text).items()}


def timing_matrix(events: Events, known: Sequence[str], rows: int, places: int, rate: float) -> TimingMatrix:
    """Which event is heard when: (rows, places) of 0 and 1, a row for each of `known`.

    As published, a span that ends beyond the last place is left out, with all later ones of its event.

    Args:
        events: names among `known`.
        known: names of the rows.
        rows: at least as many.
        places: of time.
        rate: places a second.
    """
    matrix = np.zeros((rows, places), np.float32)
    for name, spans in events.items():
        row = known.index(name)
        for begin, end in spans:
            first, last = int(rate * begin + ROUNDING), int(rate * end + ROUNDING)
            if last > places - 1:
                break
            matrix[row, first:last] = 1
    return matrix


def folded(matrix: TimingMatrix, bins: int) -> TimingMatrix:
    """A matrix (rows, places) beside a latent: row `bins` · c + b goes to bin b of channel c.

    Returns:
        (rows / bins, bins, places).
    """
    return matrix.reshape(-1, bins, matrix.shape[1])


def _known(name: str, known: Sequence[str]) -> str:
    wanted = " ".join(name.casefold().split())
    for each in known:
        if wanted in (each.casefold(), f"a {each.casefold()}", f"an {each.casefold()}"):
            return each
    raise ConfigError(f"no event {name.strip()!r}", f"{nearest(wanted, known)}; {HINT}")


def _spread(count: int, seconds: float) -> Spans:
    """So many spans over a sound."""
    if not count:
        raise ConfigError("an event that is heard 0 times", "leave it out")
    step = seconds / count
    margin = (1 - _SHARE) / 2 * step
    return [(step * number + margin, step * (number + 1) - margin) for number in range(count)]

"""Text of when the events of a sound are heard: `bell__0.5-2.0_3.0-4.5--rain__1.0-4.0` (PicoAudio)."""

from __future__ import annotations

from collections.abc import Mapping

from hiervox.utils.errors import DataError

Spans = list[tuple[float, float]]
"""Begin and end in seconds, one for each time an event is heard."""
Events = Mapping[str, Spans]
HINT = "write event__BEGIN-END_BEGIN-END--event__BEGIN-END, in seconds"


def parse_events(text: str) -> dict[str, Spans]:
    """Events by name.

    Raises:
        DataError: times that are none.
    """
    events: dict[str, Spans] = {}
    for part in filter(None, text.strip().split("--")):
        name, _, spans = part.partition("__")
        events.setdefault(name.strip(), []).extend(parse_span(each) for each in spans.split("_") if each)
    return events


def write_events(events: Events) -> str:
    """Events as `parse_events` reads them."""
    return "--".join(
        f"{name}__{'_'.join(f'{begin:.2f}-{end:.2f}' for begin, end in spans)}"
        for name, spans in events.items()
    )


def parse_span(text: str) -> tuple[float, float]:
    """Begin and end of `0.5-2.0`.

    Raises:
        DataError: it is something else.
    """
    try:
        begin, end = map(float, text.split("-"))
    except ValueError as error:
        raise DataError(f"no times {text!r}", HINT) from error
    if not 0 <= begin < end:
        raise DataError(f"{text!r} ends before it begins", HINT)
    return begin, end

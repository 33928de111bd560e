"""What a line of a cut manifest may say, before lhotse makes a cut of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hiervox.utils.errors import DataError

KINDS = ("MonoCut", "MultiCut")
MAX_SECONDS = 7 * 24 * 3600.0
MIN_RATE, MAX_RATE = 1_000, 768_000
TOLERANCE_SECONDS = 0.1
"""A cut may end so much after its recording; compressed formats count their samples in different ways."""


def checked_tree(tree: Any, where: str) -> dict[str, Any]:
    """Make sure that a JSON value is a cut of one audio file.

    Args:
        tree: the value.
        where: file and line, for messages.

    Raises:
        DataError: naming what is wrong.
    """
    if not isinstance(tree, dict) or not isinstance(tree.get("id"), str):
        raise DataError(f"{where} is not a cut", "name a cut manifest")
    where = f"{where} ({tree['id']!r})"
    if tree.get("type") not in KINDS:
        raise DataError(f"{where} is a {tree.get('type')} instead of a cut", f"use {' or '.join(KINDS)}")
    recording = tree.get("recording")
    if not isinstance(recording, dict):
        raise DataError(f"{where} has no recording", "use cuts of audio files")
    _check_sources(recording, where)
    rate = _number(recording, "sampling_rate", where)
    if not MIN_RATE <= rate <= MAX_RATE:
        raise DataError(f"{where} has a sampling_rate of {rate:g}", f"{MIN_RATE} to {MAX_RATE} Hz are taken")
    samples = _number(recording, "num_samples", where)
    start, seconds = _number(tree, "start", where), _number(tree, "duration", where)
    if max(start, seconds, samples / rate) > MAX_SECONDS:
        raise DataError(f"{where} lasts over a week", "correct its durations")
    if start + seconds > samples / rate + TOLERANCE_SECONDS:
        raise DataError(
            f"{where} ends at {start + seconds:g} s of a recording of {samples / rate:g} s",
            "correct its times",
        )
    supervisions = tree.get("supervisions", [])
    if not isinstance(supervisions, list) or not all(isinstance(entry, dict) for entry in supervisions):
        raise DataError(f"{where} has supervisions that are not a list of objects", "make the manifest again")
    for supervision in supervisions:
        _number(supervision, "duration", where)
    return tree


def _check_sources(recording: Mapping[str, Any], where: str) -> None:
    """A recording is one plain file: nothing is fetched or run, and no effect is left out without a word."""
    sources = recording.get("sources")
    if not isinstance(sources, list) or not sources or not all(isinstance(entry, dict) for entry in sources):
        raise DataError(f"{where} names no audio file", "use cuts of audio files")
    for source in sources:
        if source.get("type") != "file" or not isinstance(source.get("source"), str):
            raise DataError(
                f"{where} has an audio source of type {source.get('type')!r}", "write the sound to a file"
            )
    if recording.get("transforms"):
        raise DataError(
            f"{where} changes its recording on the fly (transforms)", "write the changed sound to a file"
        )


LARGEST = 1e15
"""No count of samples or seconds is over it."""


def _number(tree: Mapping[str, Any], key: str, where: str) -> float:
    """A finite number that is not negative."""
    value = tree.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= LARGEST:
        raise DataError(f"{where} has a {key} of {value!r}", "correct it, or leave the cut out")
    return float(value)

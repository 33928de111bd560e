"""What systems with a table of trained speakers share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

ONLY_SPEAKER = "default"
"""The voice of a model of one speaker."""


def share_speakers(given: Any) -> Any:
    """An experiment's sections, in which `model.speakers` also number the data's speakers.

    Args:
        given: the sections as they are before validation; `features.speaker` is left alone where it is set.
    """
    model = given.get("model") if isinstance(given, Mapping) else None
    names = model.get("speakers") if isinstance(model, Mapping) else None
    if not names:
        return given
    features = dict(given.get("features") or {})
    features.setdefault("speaker", {"names": names})
    return {**given, "features": features}


def require_names(names: Sequence[str], speakers: Sequence[str]) -> None:
    """Refuse data whose speakers have other names, or numbers, than the rows of the table.

    Raises:
        ValueError: they have.
    """
    if tuple(names) != tuple(speakers):
        raise ValueError("features.speaker.names must be model.speakers")

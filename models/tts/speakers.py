"""What systems with a table of trained speakers share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


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

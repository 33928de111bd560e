"""Whether this process may ask a network for models."""

from __future__ import annotations

import os
import sys

OFFLINE_VARIABLE = "HF_HUB_OFFLINE"
"""The Hugging Face Hub's own switch, which transformers heeds, too."""


def go_offline() -> None:
    """Let this process, and those that it starts, ask no network for models."""
    os.environ[OFFLINE_VARIABLE] = "1"
    constants = sys.modules.get("huggingface_hub.constants")
    if constants is not None:  # it has read the variable already
        constants.HF_HUB_OFFLINE = True  # type: ignore[attr-defined]


def is_offline() -> bool:
    """Whether the switch is set."""
    return os.environ.get(OFFLINE_VARIABLE, "0").upper() in ("1", "ON", "YES", "TRUE")

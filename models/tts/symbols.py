"""Whether a network reads the symbols that the text front end writes."""

from __future__ import annotations

from pathlib import Path

from hiervox.processors.text.config import TextConfig
from hiervox.utils.errors import CheckpointError


def require_symbol_rows(folder: Path, rows: int, text: TextConfig) -> None:
    """Refuse a network that has fewer rows than there are symbols: it was trained on others.

    Raises:
        CheckpointError: such a network.
    """
    if rows < len(text.symbols):
        raise CheckpointError(
            f"{folder} reads {rows} symbols, and text.symbols has {len(text.symbols)}",
            "the published ARPAbet models can be called from Python (docs/guides/tts_systems.md)",
        )

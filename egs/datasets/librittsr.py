"""LibriTTS-R: LibriTTS with restored sound (openslr.org/141, CC BY 4.0)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import libritts


def download(
    folder: Path,
    *,
    parts: Sequence[str] = libritts.TRAIN,
    test_parts: Sequence[str] = libritts.TEST,
    base_url: str | None = None,
) -> None:
    """As `libritts.download`."""
    libritts.download(folder, parts=parts, test_parts=test_parts, base_url=base_url, restored=True)


def prepare(
    folder: Path,
    out: Path,
    *,
    parts: Sequence[str] = libritts.TRAIN,
    test_parts: Sequence[str] = libritts.TEST,
) -> None:
    """As `libritts.prepare`."""
    libritts.prepare(folder, out, parts=parts, test_parts=test_parts, restored=True)

"""The Hugging Face Hub's cache: a file is named by the checksum that it was announced with."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import NamedTuple

from hiervox.utils.checksums import file_digest

BLOBS_NAME = "blobs"
SHA1_DIGITS, SHA256_DIGITS = 40, 64


class Announced(NamedTuple):
    """What a file's content should give.

    Attributes:
        kind: of checksum.
        digest: begun with what git puts before the content.
        wanted: hexadecimal.
    """

    kind: str
    digest: hashlib._Hash
    wanted: str


def announced(path: Path) -> Announced | None:
    """The checksum of a file in the Hub's cache; None of any other file."""
    blob = path.resolve()
    wanted = blob.name
    if blob.parent.name != BLOBS_NAME or not all(digit in "0123456789abcdef" for digit in wanted):
        return None
    if len(wanted) == SHA256_DIGITS:
        return Announced("sha256", hashlib.sha256(), wanted)
    if len(wanted) == SHA1_DIGITS:  # of files that are not in LFS
        return Announced("git hash", hashlib.sha1(f"blob {blob.stat().st_size}\0".encode()), wanted)
    return None


def is_as_announced(path: Path) -> bool:
    """Whether a file of the cache has the content that it was announced with; true where none is known."""
    known = announced(path)
    return known is None or file_digest(path, known.digest) == known.wanted

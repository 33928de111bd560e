"""Checksums of files."""

from __future__ import annotations

import hashlib
from pathlib import Path

CHUNK_BYTES = 1 << 20


def file_digest(path: Path, digest: hashlib._Hash | None = None) -> str:
    """The digest of a file's content, hexadecimal; the file is read in pieces.

    Args:
        path: of the file.
        digest: begun, which goes on with the content; by default SHA-256.
    """
    digest = hashlib.sha256() if digest is None else digest
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()

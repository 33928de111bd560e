"""Reading JSON and JSON5 objects of any origin: bounded, and with a plain reason where one is unusable."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import json5

MOST_BYTES = 16 * 2**20
MOST_BYTES_JSON5 = 2**18
"""The JSON5 parser takes a minute to a few megabytes; the largest config here has 4 KB."""
LARGEST_INTEGER = 2**64
"""Seeds have up to 64 bits; a larger one is more than a float holds, sooner or later."""
MOST_DEPTH = 32
"""Of objects and lists in each other; a config of this toolkit has up to six."""


def read_object(path: Path, is_json5: bool = False) -> dict[str, Any]:
    """Read one JSON (or JSON5) object.

    Raises:
        OSError: the file can't be read.
        ValueError: it is too large, not UTF-8, not JSON, nested too deep, no object, or has a key twice; the
            text says which.
    """
    limit = MOST_BYTES_JSON5 if is_json5 else MOST_BYTES
    with path.open("rb") as stream:
        content = stream.read(limit + 1)
    if len(content) > limit:
        raise ValueError(f"it has more than {limit >> 10} KiB")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"byte {error.start} is not UTF-8") from error
    tree = parse_json5(text) if is_json5 else parse_json(text)
    if not isinstance(tree, dict):
        raise ValueError("it holds no object between { and }")
    return tree


def parse_json5(text: str) -> Any:
    """Parse JSON5.

    Raises:
        ValueError: it is not JSON5, nested too deep, has a key twice in one object, or a whole number
            over `LARGEST_INTEGER`.
    """
    try:
        tree = json5.loads(text, allow_duplicate_keys=False)
    except ValueError as error:
        raise ValueError(str(error).replace("<string>:", "line ")) from error
    except RecursionError as error:
        raise ValueError(_TOO_DEEP) from error
    require_usable(tree)
    return tree


def read_json(path: Path) -> Any:
    """Read a JSON file of UTF-8, with or without a byte order mark, of any size.

    Raises:
        OSError: the file can't be read.
        ValueError: as `parse_json`, or it is not UTF-8.
    """
    return parse_json(path.read_text(encoding="utf-8-sig"))


def parse_json(text: str | bytes) -> Any:
    """Parse JSON.

    Raises:
        ValueError: it is not JSON, nested too deep, has a key twice in one object, or a whole number
            over `LARGEST_INTEGER`.
    """
    try:
        tree = json.loads(text, object_pairs_hook=_without_duplicates)
    except RecursionError as error:
        raise ValueError(_TOO_DEEP) from error
    require_usable(tree)
    return tree


_TOO_DEEP = f"it is nested more than {MOST_DEPTH} deep"


def _without_duplicates(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for key, value in pairs:
        if key in tree:
            raise ValueError(f"it has the key {key!r} twice")
        tree[key] = value
    return tree


def require_usable(tree: Any) -> None:
    """Refuse a tree that what walks it by recursion, or calculates with it, would not come to the end of.

    Raises:
        ValueError: it is nested more than `MOST_DEPTH` deep, or has a whole number over `LARGEST_INTEGER`.
    """
    level = [tree]
    for _ in range(MOST_DEPTH + 1):
        if any(isinstance(value, int) and abs(value) > LARGEST_INTEGER for value in level):
            raise ValueError("it has a whole number over 2^64")
        level = [
            inner
            for outer in level
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, Mapping) else outer)
        ]
        if not level:
            return
    raise ValueError(_TOO_DEEP)

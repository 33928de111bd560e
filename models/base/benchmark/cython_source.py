"""Published functions that are written in Cython, compiled by numba instead."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any


def compiled_cython(folder: Path, file: Path, function: str) -> Callable[..., Any]:
    """A function of plain loops over arrays.

    Args:
        folder: a checkout of the published repository.
        file: the Cython source in it.
        function: its name.

    Raises:
        ImportError: there is no such source.
    """
    from numba import njit

    try:
        source = (folder / file).read_text(encoding="utf-8")
    except OSError as error:
        raise ImportError(f"no {file}") from error
    functions: dict[str, Any] = {}
    exec(compile(_as_python(source), str(file), "exec"), functions)
    compiled: Callable[..., Any] = njit(nogil=True)(functions[function])
    return compiled


def _as_python(source: str) -> str:
    """Cython's functions without its decorators, declarations and types."""
    lines = []
    for line in source.splitlines():
        bare = line.strip()
        if bare.startswith(("@cython", "cimport", "from cython")) or re.fullmatch(r"cdef \w+ \w+", bare):
            continue
        line = re.sub(r"^(\s*)cdef \w+ (\w+ = )", r"\1\2", line)
        line = re.sub(r"^(\s*)cp?def void (.*) nogil:", r"\1def \2:", line)
        if line.lstrip().startswith("def "):
            line = re.sub(r"(?<=[(,])\s*\w+(\[[:,1]+\])?\s+(?=\w+)", " ", line)
        lines.append(line.replace("prange(b, nogil=True)", "range(b)"))
    return "\n".join(lines)

"""What differs between operating systems: the user, cores, memory."""

from __future__ import annotations

import os
import sys


def user() -> str:
    """A name of the user that fits into a file's."""
    if hasattr(os, "getuid"):
        return str(os.getuid())
    return "".join(letter for letter in os.environ.get("USERNAME", "user") if letter.isalnum())


def usable_cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def peak_memory() -> int:
    """The most memory that this process has held so far, bytes."""
    try:
        import resource
    except ImportError:  # Windows
        import psutil

        peak: int = psutil.Process().memory_info().peak_wset
        return peak
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


def resident_bytes() -> int:
    """Memory that this process holds, bytes."""
    import psutil

    held: int = psutil.Process().memory_info().rss
    return held

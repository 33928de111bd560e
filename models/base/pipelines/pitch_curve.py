"""Pitch curves as files that people can edit: CSV of `seconds,hz`, 0 Hz where unvoiced."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hiervox.processors.pitch import F0Contour
from hiervox.utils.errors import AudioError, DataError
from hiervox.utils.files import write_text

F0_HOP_SECONDS = 0.005
"""Of every F0 curve that pipelines take and give: 200 values a second."""
HEADER = ("seconds", "hz")
HIGHEST_HZ = 2000.0
LONGEST_SECONDS = 3600.0
HINT = "give two columns, seconds,hz, with rising seconds and 0 Hz where unvoiced"


def write_pitch_curve(path: Path, f0: F0Contour) -> None:
    """Write F0 (T,) in Hz at 200 Hz, one row a value, in one step."""
    rows = [",".join(HEADER)]
    rows += [f"{index * F0_HOP_SECONDS:.3f},{hz:.3f}" for index, hz in enumerate(f0.tolist())]
    write_text(path, "\n".join(rows) + "\n")


def sampled_pitch(f0: F0Contour, rate: float) -> F0Contour:
    """A curve of another rate at 200 Hz: each value is the one that holds then.

    Args:
        f0: (T,) in Hz, of T / `rate` seconds.
        rate: values a second.

    Returns:
        (200 T / rate,).
    """
    seconds = np.arange(round(f0.size / rate / F0_HOP_SECONDS)) * F0_HOP_SECONDS
    contour: F0Contour = f0[(seconds * rate).astype(int).clip(max=f0.size - 1)]
    return contour


def read_pitch_curve(path: Path) -> F0Contour:
    """Read a curve and bring it to 200 Hz.

    Between two rows the pitch is interpolated where both are voiced, else it is that of the nearer one; so
    a few rows are enough for a simple contour.

    Returns:
        (T,) in Hz, from second 0 to that of the last row.

    Raises:
        DataError: the file can't be read, or a row can't be used; the row is named.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            rows = [row for row in csv.reader(stream) if row]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"can't read the pitch curve {path} ({error})", HINT) from error
    if not rows or tuple(cell.strip().lower() for cell in rows[0]) != HEADER:
        raise DataError(f"{path} does not start with {','.join(HEADER)}", HINT)
    if len(rows) == 1:
        raise DataError(f"{path} holds no value", HINT)
    seconds, hz = np.empty(len(rows) - 1), np.empty(len(rows) - 1)
    for index, row in enumerate(rows[1:]):
        seconds[index], hz[index] = _values(row, f"row {index + 2} of {path}")
        if index and not seconds[index] > seconds[index - 1]:
            raise DataError(f"row {index + 2} of {path} does not come later than the one before", HINT)
    frames = round(seconds[-1] / F0_HOP_SECONDS) + 1
    return _sample(np.arange(frames) * F0_HOP_SECONDS, seconds, hz)


def _values(row: list[str], place: str) -> tuple[float, float]:
    try:
        seconds, hz = (float(cell) for cell in row)
    except ValueError as error:
        raise DataError(f"{place} is not two numbers: {','.join(row)[:80]}", HINT) from error
    if not (0 <= seconds <= LONGEST_SECONDS):
        raise DataError(f"{place} has {seconds:g} s", f"give seconds from 0 to {LONGEST_SECONDS:g}")
    if not (0 <= hz <= HIGHEST_HZ):
        raise DataError(f"{place} has {hz:g} Hz", f"give Hz from 0 to {HIGHEST_HZ:g}")
    return seconds, hz


def check_pitch(f0: NDArray[Any]) -> None:
    """Refuse F0 (T,) that no voice has: what a caller gives, in Hz, 0 where unvoiced.

    Raises:
        AudioError: it is no row of numbers, not finite, or not from 0 to 2000 Hz.
    """
    hint = f"give Hz from 0 (unvoiced) to {HIGHEST_HZ:g}"
    if f0.dtype.kind not in "fiu" or f0.ndim != 1 or not f0.size:
        raise AudioError(f"F0 of shape {f0.shape} and type {f0.dtype} can't be used", hint)
    if not np.isfinite(f0).all():
        raise AudioError("F0 holds a NaN or an infinity", hint)
    if f0.min() < 0 or f0.max() > HIGHEST_HZ:
        wrong = f0.min() if f0.min() < 0 else f0.max()
        raise AudioError(f"F0 of {wrong:g} Hz can't be used", hint)


def stretch_pitch(f0: F0Contour, frames: int) -> F0Contour:
    """Bring F0 (T,) in Hz to (frames,), first value to first and last to last."""
    if f0.size == frames:
        return f0
    wanted = np.linspace(0, f0.size - 1, frames)
    return _sample(wanted, np.arange(f0.size, dtype=np.float64), f0.astype(np.float64))


def _sample(wanted: NDArray[np.float64], places: NDArray[np.float64], hz: NDArray[np.float64]) -> F0Contour:
    """Values at `wanted` of a curve given at rising `places`; its end values hold beyond its ends."""
    after = np.searchsorted(places, wanted).clip(1, max(1, places.size - 1))
    if places.size == 1:
        return np.full(wanted.size, hz[0], np.float32)
    before = after - 1
    share = ((wanted - places[before]) / (places[after] - places[before])).clip(0, 1)
    between = hz[before] * (1 - share) + hz[after] * share
    nearer = np.where(share < 0.5 - 1e-9, hz[before], hz[after])
    voiced = (hz[before] > 0) & (hz[after] > 0)
    return np.where(voiced, between, nearer).astype(np.float32)

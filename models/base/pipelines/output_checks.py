"""Whether durations and waveforms can be speech: how fast it is, how long it is silent, how loud it is.

A stochastic model now and then skips, stalls or falls silent (the published one pauses at random, its issue
40); saying a sentence again with other noise mostly helps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hiervox.processors.audio import FLAT_LEVEL, FLAT_SHARE, SILENCE_PEAK, Waveform

FASTEST, SLOWEST = 22.0, 4.0
"""Sounds a second at speed 1; people speak about 12, and 18 in haste."""
FEWEST_SOUNDS = 8
"""Fewer are not called too fast: short words are, at times."""
SPARE_SECONDS = 1.0
"""What a sentence may last beyond its sounds."""
LONGEST_PAUSE = 1.2
"""Seconds of silence within a sentence at speed 1."""
QUIETEST = -50.0
"""dB relative to the loudest 20 ms, what counts as silence; under as many dBFS nothing is loud enough."""
BLOCK_SECONDS = 0.02


@dataclass(frozen=True)
class Issue:
    """Something that speech does not do.

    Attributes:
        problem: in words that follow the sentence's quotation.
        severity: how far off it is, to compare attempts by; over 1.
        fatal: whether nobody should hear it.
    """

    problem: str
    severity: float
    fatal: bool = False


def check_durations(
    durations: Sequence[int], silent: Sequence[bool], rate: float, speed: float
) -> list[Issue]:
    """Issues of predicted durations, before anything is decoded.

    Args:
        durations: frames of each token.
        silent: whether it is a blank or a mark without sound.
        rate: frames a second.
        speed: that was asked for; 2 is twice as fast.
    """
    issues = []
    seconds, sounds = sum(durations) / rate, len(silent) - sum(silent)
    if sounds >= FEWEST_SOUNDS and sounds > FASTEST * speed * seconds:
        per_second = sounds / seconds
        issues.append(Issue(f"has {per_second:.0f} sounds a second", per_second / (FASTEST * speed)))
    longest = SPARE_SECONDS + sounds / SLOWEST / speed
    if seconds > longest:
        issues.append(Issue(f"lasts {seconds:.1f} s for {sounds} sounds", seconds / longest))
    issues += _pause(_longest_inside(durations, silent) / rate, speed)
    return issues


def _longest_inside(durations: Sequence[int], silent: Sequence[bool]) -> int:
    """Frames of the longest run of silent tokens between two that sound."""
    longest, run, begun = 0, 0, False
    for frames, is_silent in zip(durations, silent, strict=True):
        if is_silent:
            run += frames
        elif frames:
            longest = max(longest, run if begun else 0)
            run, begun = 0, True
    return longest


def _pause(seconds: float, speed: float) -> list[Issue]:
    limit = LONGEST_PAUSE / speed
    return [Issue(f"pauses for {seconds:.1f} s", seconds / limit)] if seconds > limit else []


def check_sound(wav: Waveform, rate: int, speed: float, *, scaled: bool = False) -> list[Issue]:
    """Issues of a spoken sentence (T,) at `rate` Hz, unscaled.

    Args:
        wav: full scale at ±1.
        rate: of it.
        speed: that was asked for.
        scaled: whether its peak will be brought to full scale, so that nothing over ±1 is cut off.
    """
    if not np.isfinite(wav).all():
        return [Issue("came out with a NaN or an infinity", np.inf, fatal=True)]
    peak = float(np.abs(wav).max(initial=0.0))
    if peak < SILENCE_PEAK:
        return [Issue("came out silent", np.inf, fatal=True)]
    issues = []
    full_scale = max(1.0, peak) if scaled else 1.0
    flat = float((np.abs(wav) >= FLAT_LEVEL * full_scale).mean())
    if flat > FLAT_SHARE:
        issues.append(Issue(f"is clipped in {flat:.0%} of its samples", flat / FLAT_SHARE))
    levels = block_levels(wav, rate)
    if levels.max() < QUIETEST:
        issues.append(Issue(f"is no louder than {levels.max():.0f} dBFS", float(levels.max() / QUIETEST)))
    loud = np.flatnonzero(levels >= levels.max() + QUIETEST)
    longest = int(np.diff(loud).max(initial=1)) - 1
    return issues + _pause(longest * BLOCK_SECONDS, speed)


def block_levels(wav: Waveform, rate: int) -> NDArray[np.float64]:
    """Root-mean-square level in dBFS of every 20 ms of (T,); of at least one such block."""
    size = round(BLOCK_SECONDS * rate)
    missing = -wav.size % size
    power = np.square(np.pad(wav, (0, missing)), dtype=np.float64).reshape(-1, size).mean(axis=1)
    return np.asarray(10 * np.log10(power + 1e-20))


def severity(issues: Sequence[Issue]) -> float:
    """0 without issues; else the more, the worse."""
    return sum(issue.severity for issue in issues)

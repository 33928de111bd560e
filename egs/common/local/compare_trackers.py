"""Compare trackers of F0 on songs whose F0 is known: ID.flac beside ID.f0.csv, as mini_songs makes them.

Gross errors are voiced frames over 50 cents off; the mean error is of the others. Voicing errors are frames
that are taken as voiced or unvoiced wrongly; within 25 ms of a change of voicing nothing counts.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from time import process_time
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from hiervox.models.base.pipelines.pitch_curve import F0_HOP_SECONDS, read_pitch_curve
from hiervox.processors.audio import SAMPLE_RATE, Waveform, read_audio
from hiervox.processors.pitch import F0Contour, PitchConfig, extract_f0
from hiervox.utils.errors import DataError, HierVoxError

LOWEST, HIGHEST = 50.0, 1100.0
GROSS_CENTS = 50.0
EDGE_FRAMES = 5
HEAD = """\
| tracker | gross errors | mean error, cents | voicing errors | seconds for one |
|---|---|---|---|---|
"""
METHODS = get_args(PitchConfig.model_fields["method"].annotation)


def pyin(wav: Waveform) -> F0Contour:
    """librosa's probabilistic YIN."""
    import librosa

    hop = round(SAMPLE_RATE * F0_HOP_SECONDS)
    f0, voiced, _ = librosa.pyin(wav, sr=SAMPLE_RATE, fmin=LOWEST, fmax=HIGHEST, hop_length=hop)
    return np.where(voiced, f0, 0).astype(np.float32)


OTHERS: dict[str, Callable[[Waveform], F0Contour]] = {"pyin": pyin}


def track(method: str, wav: Waveform) -> F0Contour:
    """F0 in Hz at 200 Hz of a waveform (T,) at 16 kHz."""
    if method in OTHERS:
        return OTHERS[method](wav)
    config = PitchConfig(method=method, f_min=LOWEST, f_max=HIGHEST)  # type: ignore[arg-type]
    return extract_f0(wav, SAMPLE_RATE, config, method)


def judged(voiced: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Frames that are not near a change of voicing."""
    changes = np.flatnonzero(np.diff(voiced.astype(int)))
    kept = np.ones_like(voiced)
    for change in changes:
        kept[max(0, change + 1 - EDGE_FRAMES) : change + 1 + EDGE_FRAMES] = False
    return kept


def main() -> None:
    """Parse, track, print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("songs", type=Path, help="folder of ID.flac and ID.f0.csv")
    parser.add_argument("--methods", nargs="+", default=[*METHODS, *OTHERS])
    parser.add_argument("--count", type=int, default=24, help="songs, by their names")
    arguments = parser.parse_args()
    truths = sorted(arguments.songs.glob("*.f0.csv"))
    truths = truths[:: max(1, len(truths) // arguments.count)]
    if not truths:
        raise DataError(f"no ID.f0.csv in {arguments.songs}", "make songs with the corpus mini_songs")
    songs = [
        (read_audio(truth.with_suffix("").with_suffix(".flac"), SAMPLE_RATE)[0], read_pitch_curve(truth))
        for truth in truths
    ]
    seconds = sum(len(wav) for wav, _ in songs) / SAMPLE_RATE
    sys.stdout.write(f"{len(songs)} songs, {seconds:.0f} s\n\n{HEAD}")
    for method in arguments.methods:
        begin, gross, voicing = process_time(), [], []
        errors = []
        for wav, truth in songs:
            found = track(method, wav)
            frames = min(len(found), len(truth))
            found, true = found[:frames], truth[:frames]
            kept = judged(true > 0)
            voicing.append(((found > 0) != (true > 0))[kept])
            both = kept & (found > 0) & (true > 0)
            cents = 1200 * np.abs(np.log2(found[both] / true[both]))
            gross.append(cents > GROSS_CENTS)
            errors.append(cents[cents <= GROSS_CENTS])
        took = (process_time() - begin) / seconds
        sys.stdout.write(
            f"| {method} | {np.concatenate(gross).mean():.2%} | {np.concatenate(errors).mean():.1f} | "
            f"{np.concatenate(voicing).mean():.2%} | {took:.3f} |\n"
        )


if __name__ == "__main__":
    try:
        main()
    except HierVoxError as error:
        sys.exit(f"compare_trackers.py: {error}")

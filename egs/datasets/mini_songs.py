"""Songs made of the recordings that come with the repository: melodies on their words, by WORLD.

The source-filter model takes F0 off the recordings, and puts contours of notes in its place, with glides and
vibrato, while all is drawn out. Beside each song lies its true F0, `ID.f0.csv`.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from table import MINI
from table import prepare as prepare_table

from hiervox.models.base.pipelines.pitch_curve import F0_HOP_SECONDS, write_pitch_curve
from hiervox.processors.audio import read_audio, write_audio
from hiervox.processors.pitch import semitone_ratio
from hiervox.utils.files import write_text

SAMPLE_RATE = 24_000
STRETCH = 1.4
"""Of the time."""
LOWEST, HIGHEST = 50.0, 600.0
"""Hz, of the speech."""
MELODIES: tuple[tuple[int, ...], ...] = (
    (0, 2, 4, 5, 7, 9, 11, 12, 11, 9, 7, 5, 4, 2, 0),
    (0, 0, 7, 7, 9, 9, 7, 5, 5, 4, 4, 2, 2, 0),
    (4, 4, 5, 7, 7, 5, 4, 2, 0, 0, 2, 4, 4, 2, 2),
    (0, 2, 4, 0, 0, 2, 4, 0, 4, 5, 7, 4, 5, 7),
    (7, 4, 4, 5, 2, 2, 0, 2, 4, 5, 7, 7, 7),
    (0, 4, 7, 12, 7, 4, 0, -5, 0, 4, 7, 4, 0),
)
"""Semitones over the tonic, note by note."""
ALL_NOISE = 0.999
"""Mean aperiodicity of a frame that WORLD makes no voice of, whatever its F0."""
SHORTEST_NOTE, LONGEST_NOTE = 0.3, 0.8
GLIDE_SECONDS = 0.06
VIBRATO_HZ = (5.0, 6.5)
VIBRATO_CENTS = (20.0, 60.0)
VIBRATO_ONSET = 0.15
"""Seconds after a note's beginning."""

Contour = NDArray[np.float64]


def melody(frames: int, tonic: float, draw: np.random.Generator) -> Contour:
    """F0 (frames,) in Hz of notes over a tonic (Hz), every `F0_HOP_SECONDS`."""
    notes = MELODIES[draw.integers(len(MELODIES))]
    semitones, vibrato = np.zeros(frames), np.zeros(frames)
    begin = number = 0
    while begin < frames:
        length = int(draw.uniform(SHORTEST_NOTE, LONGEST_NOTE) / F0_HOP_SECONDS)
        end = min(begin + length, frames)
        seconds = np.arange(end - begin) * F0_HOP_SECONDS
        depth = draw.uniform(*VIBRATO_CENTS) / 100 * np.clip(seconds / VIBRATO_ONSET - 1, 0, 1)
        semitones[begin:end] = notes[number % len(notes)]
        vibrato[begin:end] = depth * np.sin(2 * np.pi * draw.uniform(*VIBRATO_HZ) * seconds)
        begin, number = end, number + 1
    window = np.hanning(round(GLIDE_SECONDS / F0_HOP_SECONDS) * 2 + 1)
    half = len(window) // 2
    gliding = np.convolve(np.pad(semitones, half, "edge"), window / window.sum(), "valid")
    return tonic * 2 ** ((gliding + vibrato) / 12)


def sing(wav: NDArray[np.float32], draw: np.random.Generator) -> tuple[NDArray[np.float32], Contour]:
    """Speech (T,) as a song (T',), and its F0 in Hz, 0 where unvoiced."""
    import pyworld

    speech, period = wav.astype(np.float64), 1000 * F0_HOP_SECONDS
    spoken, times = pyworld.harvest(
        speech, SAMPLE_RATE, f0_floor=LOWEST, f0_ceil=HIGHEST, frame_period=period
    )
    envelope = pyworld.cheaptrick(speech, spoken, times, SAMPLE_RATE)
    aperiodicity = pyworld.d4c(speech, spoken, times, SAMPLE_RATE)
    places = (np.arange(int(len(spoken) * STRETCH)) / STRETCH).round().astype(int).clip(max=len(spoken) - 1)
    tonic = semitone_ratio(round(12 * np.log2(np.median(spoken[spoken > 0]) / 440))) * 440
    sounding = (spoken > 0) & (aperiodicity.mean(axis=1) < ALL_NOISE)
    f0 = np.where(sounding[places], melody(len(places), tonic, draw), 0.0)
    sung = pyworld.synthesize(f0, envelope[places], aperiodicity[places], SAMPLE_RATE, period)
    return (0.7 * sung / np.abs(sung).max()).astype(np.float32), f0


def download(folder: Path) -> None:
    """Nothing: the recordings are there."""


def prepare(folder: Path, out: Path, *, singers: int = 12, songs: int = 6) -> None:
    """Sing, and write the manifests.

    Args:
        folder: gets `mini_songs`, the songs.
        out: gets `train` and `test`; all songs of the latter are of recordings that the former has not.
        singers: to train on, at most; the names alone choose them.
        songs: of each.
    """
    place = folder / "mini_songs"
    tables = {}
    for side, name in (("train", "table.csv"), ("test", "test.csv")):
        rows = _chosen(MINI / name, singers, songs) if side == "train" else _rows(MINI / name)
        tables[side] = place / f"{side}.csv"
        _sing_all(rows, place, tables[side])
    prepare_table(folder, out, table=str(tables["train"]), test=str(tables["test"]))


def _rows(table: Path) -> list[dict[str, str]]:
    with table.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def _chosen(table: Path, singers: int, songs: int) -> list[dict[str, str]]:
    of: dict[str, list[dict[str, str]]] = defaultdict(list)
    for row in _rows(table):
        of[row["speaker"]].append(row)
    names = sorted(of, key=lambda name: hashlib.sha256(name.encode()).digest())[:singers]
    return [row for name in names for row in of[name][:songs]]


def _sing_all(rows: Sequence[dict[str, str]], place: Path, table: Path) -> None:
    """The songs that are not there yet, and their table."""
    place.mkdir(parents=True, exist_ok=True)
    for row in rows:
        recording = MINI / row["audio"]
        song = place / f"{recording.stem}.flac"
        row["audio"] = song.name
        if song.is_file():
            continue
        seed = int.from_bytes(hashlib.sha256(recording.stem.encode()).digest()[:8], "big")
        wav, _ = read_audio(recording, SAMPLE_RATE)
        sung, f0 = sing(wav, np.random.default_rng(seed))
        write_pitch_curve(place / f"{recording.stem}.f0.csv", f0.astype(np.float32))
        write_audio(song, sung, SAMPLE_RATE)
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_text(table, text.getvalue())

"""Sounds made by formulas, with captions and the times at which each is heard: tones, chirps, rain, bells, …

Each clip has one or two kinds of sound, each heard up to three times. What a clip holds depends on its number
alone.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from table import prepare as prepare_table

from hiervox.processors.audio import write_audio
from hiervox.processors.event_times import Spans, write_events
from hiervox.utils.files import write_text

SAMPLE_RATE = 16_000
SECONDS = 5.12
PEAK = 0.5
FADE_SECONDS = 0.01
GAP_SECONDS = 0.25
"""Least time from one sound to the next of its kind."""
SECOND_KIND = 0.4
"""Share of the clips with two kinds of sound."""
TEST_SEED = 10**6
TEMPLATES = (
    "{}",
    "the sound of {}",
    "{} is heard",
    "a recording of {}",
    "there is {}",
    "{} in a quiet room",
)

Sound = NDArray[np.float64]
Draw = np.random.Generator


def _times(count: int) -> Sound:
    return np.arange(count) / SAMPLE_RATE


def _filtered(noise: Sound, low: float, high: float) -> Sound:
    """The part of noise between two frequencies in Hz."""
    spectrum = np.fft.rfft(noise)
    frequencies = np.fft.rfftfreq(len(noise), 1 / SAMPLE_RATE)
    spectrum[(frequencies < low) | (frequencies > high)] = 0
    return np.fft.irfft(spectrum, len(noise))


def tone(count: int, draw: Draw) -> Sound:
    """A sine."""
    return np.sin(2 * np.pi * draw.uniform(300, 1500) * _times(count))


def _chirp(count: int, first: float, last: float) -> Sound:
    frequency = first * (last / first) ** np.linspace(0, 1, count)
    return np.sin(2 * np.pi * np.cumsum(frequency) / SAMPLE_RATE)


def rising_chirp(count: int, draw: Draw) -> Sound:
    """A sine that rises by two octaves or more."""
    first = draw.uniform(200, 500)
    return _chirp(count, first, first * draw.uniform(4, 8))


def falling_chirp(count: int, draw: Draw) -> Sound:
    """A sine that falls by two octaves or more."""
    return rising_chirp(count, draw)[::-1]


def noise(count: int, draw: Draw) -> Sound:
    """White noise."""
    return draw.standard_normal(count) / 3


def rain(count: int, draw: Draw) -> Sound:
    """Drops: short bursts of high noise, hundreds a second, over a hiss."""
    drops = (draw.random(count) < 400 / SAMPLE_RATE) * draw.uniform(0.3, 1, count)
    decay = np.exp(-np.arange(80) / 12)
    falling = np.convolve(drops, decay)[:count] * draw.standard_normal(count)
    return _filtered(falling + 0.05 * draw.standard_normal(count), 2000, 7500)


def bell(count: int, draw: Draw) -> Sound:
    """Partials of a struck bell, the higher the sooner gone."""
    pitch, times = draw.uniform(400, 900), _times(count)
    partials = ((0.5, 0.4), (1.0, 1.0), (1.19, 0.7), (2.0, 0.7), (2.51, 0.4), (3.01, 0.3))
    struck = sum(
        level * np.sin(2 * np.pi * pitch * ratio * times) * np.exp(-times * 2.5 * ratio)
        for ratio, level in partials
    )
    return np.asarray(struck)


def clicks(count: int, draw: Draw) -> Sound:
    """A row of clicks."""
    made = np.zeros(count)
    step = int(SAMPLE_RATE / draw.uniform(7, 14))
    click = np.exp(-np.arange(60) / 10) * np.where(np.arange(60) % 2, -1, 1)
    for place in range(0, count - len(click), step):
        made[place : place + len(click)] += click
    return made


def siren(count: int, draw: Draw) -> Sound:
    """A sine whose pitch goes up and down."""
    middle, speed = draw.uniform(700, 1100), draw.uniform(3, 5)
    frequency = middle * 2 ** (0.5 * np.sin(2 * np.pi * speed * _times(count)))
    return np.sin(2 * np.pi * np.cumsum(frequency) / SAMPLE_RATE)


def buzzer(count: int, draw: Draw) -> Sound:
    """A low sawtooth."""
    return 2 * ((draw.uniform(80, 160) * _times(count)) % 1) - 1


def wind(count: int, draw: Draw) -> Sound:
    """Low noise that swells."""
    swell = 0.6 + 0.4 * np.sin(2 * np.pi * draw.uniform(0.5, 1.5) * _times(count) + draw.uniform(0, 6))
    return _filtered(draw.standard_normal(count), 60, 700) * swell


KINDS: dict[str, tuple[str, Callable[[int, Draw], Sound], tuple[float, float]]] = {
    "tone": ("a pure tone", tone, (0.4, 1.4)),
    "rising chirp": ("a rising chirp", rising_chirp, (0.4, 1.2)),
    "falling chirp": ("a falling chirp", falling_chirp, (0.4, 1.2)),
    "noise": ("white noise", noise, (0.5, 1.6)),
    "rain": ("rain on a roof", rain, (0.8, 1.6)),
    "bell": ("a bell", bell, (0.6, 1.4)),
    "clicks": ("fast clicks", clicks, (0.5, 1.4)),
    "siren": ("a siren", siren, (0.7, 1.6)),
    "buzzer": ("a buzzer", buzzer, (0.4, 1.2)),
    "wind": ("howling wind", wind, (0.9, 1.6)),
}
"""Name of an event → words for it, what makes it, and its shortest and longest length in seconds."""


def spans_of(shortest: float, longest: float, draw: Draw) -> Spans:
    """Where a sound is heard: one to three times."""
    lengths = draw.uniform(shortest, longest, draw.integers(1, 4))
    while lengths.sum() + GAP_SECONDS * (len(lengths) + 1) > SECONDS:
        lengths = lengths[:-1]
    free = SECONDS - lengths.sum() - GAP_SECONDS * (len(lengths) + 1)
    gaps = GAP_SECONDS + free * draw.dirichlet(np.ones(len(lengths) + 1))
    spans, begin = [], 0.0
    for gap, length in zip(gaps, lengths, strict=False):
        begin += gap
        spans.append((round(begin, 2), round(begin + length, 2)))
        begin += length
    return spans


def clip(number: int) -> tuple[NDArray[np.float32], str, dict[str, Spans]]:
    """Waveform (T,), caption and events of a clip."""
    draw = np.random.default_rng([number, 38])
    count = 2 if draw.random() < SECOND_KIND else 1
    names = [list(KINDS)[place] for place in draw.permutation(len(KINDS))[:count]]
    wav = np.zeros(round(SECONDS * SAMPLE_RATE))
    events: dict[str, Spans] = {}
    for name in names:
        _, make, lengths = KINDS[name]
        events[name] = spans_of(*lengths, draw)
        level = draw.uniform(0.6, 1)
        for begin, end in events[name]:
            first, last = round(begin * SAMPLE_RATE), round(end * SAMPLE_RATE)
            sound = make(last - first, draw)
            fade = np.minimum(1, np.arange(1, len(sound) + 1) / (FADE_SECONDS * SAMPLE_RATE))
            wav[first:last] += level * sound / np.abs(sound).max() * fade * fade[::-1]
    words = " and ".join(KINDS[name][0] for name in names)
    caption = TEMPLATES[draw.integers(len(TEMPLATES))].format(words)
    return (PEAK * wav / np.abs(wav).max()).astype(np.float32), caption, events


def download(folder: Path) -> None:
    """Nothing: the sounds are made."""


def prepare(folder: Path, out: Path, *, clips: int = 1400, test_clips: int = 100) -> None:
    """Make the sounds, and write the manifests.

    Args:
        folder: gets `mini_sounds`.
        out: gets `train`, `test`, and `test.csv`, the table of the latter.
        clips: to train on; 1400 are two hours.
        test_clips: to test with.
    """
    place = folder / "mini_sounds"
    tables = {
        "train": _made(place, "train", range(clips)),
        "test": _made(place, "test", range(TEST_SEED, TEST_SEED + test_clips)),
    }
    prepare_table(folder, out, table=str(tables["train"]), test=str(tables["test"]))


def _made(place: Path, side: str, numbers: Sequence[int]) -> Path:
    """The clips that are not there yet, and their table."""
    place.mkdir(parents=True, exist_ok=True)
    rows = io.StringIO()
    table = csv.writer(rows, lineterminator="\n")
    table.writerow(["audio", "caption", "timing"])
    for number in numbers:
        wav, caption, events = clip(number)
        file = place / f"{number:07d}.flac"
        if not file.is_file():
            write_audio(file, wav, SAMPLE_RATE)
        table.writerow([file.name, caption, write_events(events)])
    path = place / f"{side}.csv"
    write_text(path, rows.getvalue())
    return path

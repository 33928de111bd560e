"""The page of a listening test: one HTML file that needs no network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from hiervox.evaluation.listening.design import ANCHOR, Kind, Trial, key
from hiervox.evaluation.report.media import Players, sound_uri
from hiervox.evaluation.report.templates import fill_template
from hiervox.processors.audio import Waveform, read_audio
from hiervox.utils.errors import DataError

RATINGS = ("Bad", "Poor", "Fair", "Good", "Excellent")
"""1 to 5, ITU-T P.800, annex B; of MUSHRA the fifths of 0 to 100."""
SIMILARITIES = (
    "Not at all similar",
    "Slightly similar",
    "Moderately similar",
    "Very similar",
    "Extremely similar",
)
"""1 to 5, as by Jia et al., arXiv 1806.04558, section 3.2."""
ANCHOR_HZ = 3500
"""Of MUSHRA's low anchor."""
QUESTIONS: Mapping[str, tuple[str, str]] = {
    "mos": ("Naturalness", "How natural does this recording sound?"),
    "smos": (
        "Similarity of voices",
        "How similar is the voice of the recording to the voice of the reference?",
    ),
    "ab": ("Preference", "Which of the two recordings do you prefer?"),
    "mushra": ("Quality (MUSHRA)", "How good is each recording, beside the reference?"),
}


def listening_page(trials: Sequence[Trial], kind: Kind, players: Players = "flac") -> str:
    """The page; nothing in it tells which system made a recording.

    Raises:
        AudioError: a recording can't be read.
    """
    title, question = QUESTIONS[kind]
    data = {
        "test": key(trials, kind)["test"],
        "kind": kind,
        "title": title,
        "question": question,
        "ratings": list(SIMILARITIES if kind == "smos" else RATINGS),
        "trials": [_trial(trial, players) for trial in trials],
    }
    return fill_template("listening", f"Listening test: {title}", data)


def _trial(trial: Trial, players: Players) -> dict[str, Any]:
    return {
        "name": trial.name,
        "text": trial.text,
        "sounds": [
            sound_uri(*(anchor(sound) if system == ANCHOR else read_audio(sound)), players)
            for system, sound in zip(trial.systems, trial.sounds, strict=True)
        ],
        "reference": None if trial.prompt is None else sound_uri(*read_audio(trial.prompt), players),
    }


def anchor(file: Path) -> tuple[Waveform, int]:
    """A recording (T,) without what is above 3.5 kHz, and its rate."""
    from scipy.signal import ellip, sosfiltfilt

    wav, rate = read_audio(file)
    if rate <= 2 * ANCHOR_HZ:
        raise DataError(f"{file} has {rate} Hz", f"give references of more than {2 * ANCHOR_HZ} Hz")
    low_pass = ellip(8, 0.1, 60, ANCHOR_HZ, fs=rate, output="sos")
    filtered: Waveform = sosfiltfilt(low_pass, wav, padlen=min(wav.size - 1, rate // 10)).astype(np.float32)
    return filtered, rate

"""The page of a listening test: one HTML file that needs no network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hiervox.evaluation.listening.design import Kind, Trial, key
from hiervox.evaluation.report.media import Players, sound_uri
from hiervox.evaluation.report.templates import fill_template
from hiervox.processors.audio import read_audio

RATINGS = ("Bad", "Poor", "Fair", "Good", "Excellent")
"""1 to 5, ITU-T P.800, annex B."""
QUESTIONS: Mapping[str, tuple[str, str]] = {
    "mos": ("Naturalness", "How natural does this recording sound?"),
    "smos": (
        "Similarity of voices",
        "How similar is the voice of the recording to the voice of the reference?",
    ),
    "ab": ("Preference", "Which of the two recordings do you prefer?"),
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
        "ratings": list(RATINGS),
        "trials": [_trial(trial, players) for trial in trials],
    }
    return fill_template("listening", f"Listening test: {title}", data)


def _trial(trial: Trial, players: Players) -> dict[str, Any]:
    return {
        "name": trial.name,
        "text": trial.text,
        "sounds": [sound_uri(*read_audio(sound), players) for sound in trial.sounds],
        "reference": None if trial.prompt is None else sound_uri(*read_audio(trial.prompt), players),
    }

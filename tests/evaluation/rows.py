"""Rows and recordings for the tests of metrics."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile

from hiervox.evaluation.metric import Metric, Row, Scores
from hiervox.evaluation.table import Utterance
from hiervox.processors.audio import Waveform
from tests.evaluation.sounds import SAMPLE_RATE


def save(folder: Path, name: str, wav: Waveform, rate: int = SAMPLE_RATE) -> Path:
    """Write a waveform in 32 bits, so that what is read is what was made."""
    path = folder / f"{name}.wav"
    soundfile.write(path, wav, rate, subtype="FLOAT")
    return path


def pair(folder: Path, wav: Waveform, reference: Waveform, rate: int = SAMPLE_RATE) -> Utterance:
    """A row with a recording and its reference."""
    return Utterance(
        2, "1", "x", save(folder, "wav", wav, rate), reference=save(folder, "reference", reference, rate)
    )


def scored(metric: Metric, utterance: Utterance) -> Scores:
    """The scores of a row that has some."""
    scores = metric.score(utterance)
    assert scores is not None
    return scores


def number(scores: Scores, column: str) -> float:
    """A score as a number."""
    return float(scores[column])


def row(utterance: Utterance, scores: Scores) -> Row:
    """A scored row."""
    return Row(utterance, scores)


def noise(seconds: float = 1.0, seed: int = 0, rate: int = SAMPLE_RATE) -> Waveform:
    """White noise."""
    return np.random.default_rng(seed).normal(0, 0.1, int(seconds * rate)).astype(np.float32)

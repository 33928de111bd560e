from __future__ import annotations

import numpy as np

from hiervox.evaluation import recordings
from tests.evaluation.sounds import melody


def test_long_recordings_keep_the_alignment_small(monkeypatch) -> None:
    """The hop widens instead of the cost matrix."""
    monkeypatch.setattr(recordings, "MOST_FRAMES", 100)
    sizes = []
    original = recordings.cepstra

    def spy(wav, hop_length):
        features = original(wav, hop_length)
        sizes.append(features.shape[1])
        return features

    monkeypatch.setattr(recordings, "cepstra", spy)
    wav = melody(seconds=3)
    first, second, hop_seconds = recordings.alignment(wav, wav)
    assert max(sizes) <= 101 and hop_seconds > recordings.HOP_SECONDS
    assert len(first) == len(second) >= 75


def test_values_past_the_end_are_the_last_one() -> None:
    values = np.array([1, 2, 3], np.float32)
    assert recordings.at_frames(values, np.array([0, 1, 5]), 1.0).tolist() == [1, 2, 3]

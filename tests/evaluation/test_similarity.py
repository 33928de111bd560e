from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from hiervox.evaluation.similarity import SpeakerEncoder, SpeakerSimilarity
from hiervox.evaluation.table import Utterance
from hiervox.utils.errors import DependencyError


def likeness(metric: SpeakerSimilarity, audio: Path, prompt: Path) -> float:
    scores = metric.score(Utterance(2, "1", "x", audio, prompt=prompt))
    assert scores is not None
    return float(scores["sim"])


def test_same_file_is_one_and_other_speakers_are_lower(shared) -> None:
    pytest.importorskip("resemblyzer")
    speech = shared / "speech" / "librispeech_test_other"
    metric = SpeakerSimilarity(SpeakerEncoder())
    one, same, other = (
        speech / name for name in ("1688-142285-0001.flac", "1688-142285-0002.flac", "2033-164914-0002.flac")
    )
    assert likeness(metric, one, one) == pytest.approx(1.0, abs=1e-5)
    assert likeness(metric, one, same) > 0.75 > 0.7 > likeness(metric, one, other)


def test_no_prompt_or_no_voice_is_not_measured(tmp_path) -> None:
    pytest.importorskip("resemblyzer")
    encoder = SpeakerEncoder()
    assert SpeakerSimilarity(encoder).score(Utterance(2, "1", "x", tmp_path / "unread.wav")) is None
    assert encoder.embed(np.zeros(16000, np.float32)) is None
    assert encoder.embed(np.ones(100, np.float32)) is None


def test_missing_package_names_the_mend(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "resemblyzer", None)
    with pytest.raises(DependencyError, match="--no-deps resemblyzer"):
        SpeakerEncoder().embed(np.ones(16000, np.float32))

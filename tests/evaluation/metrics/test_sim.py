from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from hiervox.evaluation.metrics.sim import ResemblyzerSimilarity
from hiervox.evaluation.table import Utterance
from hiervox.utils.errors import DependencyError
from tests.evaluation.rows import number, row, save, scored


def test_same_file_is_one_and_other_speakers_are_lower(shared) -> None:
    pytest.importorskip("resemblyzer")
    speech = shared / "speech" / "librispeech_test_other"
    metric = ResemblyzerSimilarity()
    one, same, other = (
        speech / name for name in ("1688-142285-0001.flac", "1688-142285-0002.flac", "2033-164914-0002.flac")
    )

    def similarity(audio: Path, prompt: Path) -> float:
        return number(scored(metric, Utterance(2, "1", "x", audio, prompt=prompt)), "sim")

    assert similarity(one, one) == pytest.approx(1.0, abs=1e-5)
    assert similarity(one, same) > 0.75 > 0.7 > similarity(one, other)


def test_no_prompt_or_no_voice_is_not_measured(tmp_path) -> None:
    pytest.importorskip("resemblyzer")
    metric = ResemblyzerSimilarity()
    assert metric.score(Utterance(2, "1", "x", tmp_path / "unread.wav")) is None
    silent, short = (
        save(tmp_path, "a", np.zeros(16000, np.float32)),
        save(tmp_path, "b", np.ones(100, np.float32)),
    )
    assert metric.score(Utterance(2, "1", "x", silent, prompt=short)) is None


def test_missing_package_names_the_command(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "resemblyzer", None)
    with pytest.raises(DependencyError, match="--no-deps resemblyzer"):
        ResemblyzerSimilarity().prepare()


class Letters(ResemblyzerSimilarity):
    """The first two samples are the voice."""

    def embed(self, wav):
        return wav[:2]


def test_the_resynthesized_prompt_and_the_equal_error_rate(tmp_path) -> None:
    def voice(name: str, x: float, y: float) -> Path:
        return save(tmp_path, name, np.concatenate([[x, y], np.full(8000, 0.1)]).astype(np.float32))

    metric, rows = Letters(), []
    for name, (x, y), speaker in (
        ("a", (1, 0), "first"),
        ("b", (0, 1), "second"),
        ("c", (0.6, 0.8), "second"),
    ):
        utterance = Utterance(
            2,
            name,
            "x",
            voice(name, x, y),
            prompt=voice("first", 1, 0) if speaker == "first" else voice("second", 0, 1),
            speaker=speaker,
            resynthesized_prompt=voice("again", 0.8, 0.6),
        )
        rows.append(row(utterance, scored(metric, utterance)))
    assert [row.scores["sim"] for row in rows] == pytest.approx([1.0, 1.0, 0.8])
    assert [row.scores["sim_r"] for row in rows] == pytest.approx([0.8, 0.6, 0.96])
    found = metric.summarize(rows)
    assert found["sim"] is not None and found["sim"].value == pytest.approx(2.8 / 3)
    # own prompts 1, 1, 0.8; prompts of others 0, 0 (a), 0 (b), 0.6 (c): a threshold of 0.7 makes no error
    assert found["sim_eer"] is not None and found["sim_eer"].value == 0

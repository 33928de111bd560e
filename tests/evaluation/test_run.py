from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

import pytest

from hiervox.evaluation.metric import Figure, Metric, Scores
from hiervox.evaluation.run import evaluate
from hiervox.evaluation.table import Utterance
from hiervox.processors.audio import read_audio, write_audio
from hiervox.utils.errors import AudioError, DataError
from tests.evaluation.sounds import SAMPLE_RATE, melody


class Peak(Metric):
    """A metric that needs no model: the largest sample, of rows with a text."""

    columns = ("peak",)
    figures: ClassVar[Mapping[str, Figure]] = {"peak": Figure("peak", "higher")}

    def __init__(self) -> None:
        super().__init__()
        self.scored: list[str] = []

    @property
    def settings(self) -> Mapping[str, str]:
        return {"peak": "largest sample"}

    def score(self, utterance: Utterance) -> Scores | None:
        self.scored.append(utterance.id)
        wav, _ = read_audio(utterance.audio)
        return {"peak": float(wav.max())} if utterance.text else None


@pytest.fixture
def table(tmp_path) -> Path:
    for name, scale in (("a", 1.0), ("b", 0.5)):
        write_audio(tmp_path / f"{name}.wav", melody(seconds=0.2) * scale, SAMPLE_RATE)
    path = tmp_path / "table.csv"
    path.write_text(
        "id,system,audio,text\n1,ours,b.wav,x\n2,ours,a.wav,\n1,ground_truth,a.wav,x\n", encoding="utf-8"
    )
    return path


def test_report(table, tmp_path) -> None:
    evaluate(table, tmp_path / "out", [Peak()])
    rows = list(csv.DictReader((tmp_path / "out" / "utterances.csv").open()))
    assert [(row["id"], row["system"]) for row in rows] == [
        ("1", "ours"),
        ("2", "ours"),
        ("1", "ground_truth"),
    ]
    assert rows[1]["peak"] == ""
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert list(summary["systems"]) == ["ground_truth", "ours"]
    ours = summary["systems"]["ours"]
    assert ours["utterances"] == 2
    assert ours["figures"]["peak"]["value"] == float(rows[0]["peak"])
    assert ours["figures"]["peak"]["count"] == 1
    report = (tmp_path / "out" / "summary.md").read_text()
    assert "| ground_truth | 1 | 0.5" in report
    assert "n=1 |" in report


def test_second_run_scores_only_what_changed(table, tmp_path) -> None:
    out = tmp_path / "out"
    evaluate(table, out, [Peak()])
    before = (out / "summary.json").read_bytes()
    again = Peak()
    evaluate(table, out, [again])
    assert again.scored == []
    assert (out / "summary.json").read_bytes() == before
    write_audio(tmp_path / "b.wav", melody(seconds=0.2) * 0.25, SAMPLE_RATE)
    changed = Peak()
    evaluate(table, out, [changed])
    assert changed.scored == ["1"]


def test_interrupted_run_keeps_its_scores(table, tmp_path) -> None:
    class Interrupted(Peak):
        def score(self, utterance: Utterance) -> Scores | None:
            if utterance.system == "ground_truth":
                raise KeyboardInterrupt
            return super().score(utterance)

    out = tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        evaluate(table, out, [Interrupted()])
    assert not (out / "summary.json").exists()
    resumed = Peak()
    evaluate(table, out, [resumed])
    assert len(resumed.scored) == 1


def test_unreadable_recording_names_the_row(table, tmp_path) -> None:
    (tmp_path / "b.wav").write_bytes(b"not a sound")
    with pytest.raises(AudioError, match=r"table.csv row 2 \(ours, 1\): can't read .*b.wav") as caught:
        evaluate(table, tmp_path / "out", [Peak()])
    assert "\n" not in str(caught.value)


def test_a_foreign_file_is_not_overwritten(table, tmp_path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "utterances.csv").write_text("name,age\nx,1\n")
    with pytest.raises(DataError, match="not of an evaluation"):
        evaluate(table, out, [Peak()])
    assert (out / "utterances.csv").read_text() == "name,age\nx,1\n"

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO, ClassVar

import numpy as np
import pytest

from hiervox.evaluation.metric import Figure, Metric, Scores
from hiervox.evaluation.metrics.sim import ResemblyzerSimilarity
from hiervox.evaluation.run import evaluate
from hiervox.evaluation.store import ScoreStore
from hiervox.evaluation.table import Utterance
from hiervox.processors.audio import read_audio, write_audio
from hiervox.utils.errors import AudioError, ConfigError, DataError
from tests.evaluation.sounds import SAMPLE_RATE, melody


class Peak(Metric):
    """A metric that needs no model: the largest sample, of rows with a text."""

    name = "peak"
    measures = "the largest sample"
    paper = "none"
    needs = ("text",)
    columns = ("peak", "note")
    vectors = ("samples",)
    figures: ClassVar[Mapping[str, Figure]] = {"peak": Figure("peak", "higher")}

    def __init__(self, weights: Path | None = None) -> None:
        super().__init__()
        self.weights = weights
        self.scored: list[str] = []

    @property
    def settings(self) -> Mapping[str, str]:
        return {"peak": "largest sample"}

    def models(self) -> Mapping[str, Path]:
        return {"ear": self.weights} if self.weights else {}

    def score(self, utterance: Utterance) -> Scores | None:
        self.scored.append(utterance.id)
        wav, _ = read_audio(utterance.audio)
        return {"peak": float(wav.max()), "note": "=1+1", "samples": wav[:3]} if utterance.text else None


@pytest.fixture
def table(tmp_path) -> Path:
    for name, scale in (("a", 1.0), ("b", 0.5)):
        write_audio(tmp_path / f"{name}.wav", melody(seconds=0.2) * scale, SAMPLE_RATE)
    path = tmp_path / "table.csv"
    path.write_text(
        "id,system,audio,text\n1,ours,b.wav,x\n2,ours,a.wav,\n1,ground_truth,a.wav,x\n", encoding="utf-8"
    )
    return path


def run(table: Path, out: Path, metric: Metric | None = None) -> None:
    evaluate(table, out, [metric or Peak()], players="none")


def test_report(table, tmp_path) -> None:
    evaluate(table, tmp_path / "out", [Peak()], {"nose": "has no nose"}, players="none")
    rows = list(csv.DictReader((tmp_path / "out" / "utterances.csv").open()))
    assert [(row["id"], row["system"]) for row in rows] == [
        ("1", "ours"),
        ("2", "ours"),
        ("1", "ground_truth"),
    ]
    assert rows[1]["peak"] == ""
    assert rows[0]["note"] == "'=1+1"  # a spreadsheet takes =1+1 for a formula
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert list(summary["systems"]) == ["ground_truth", "ours"]
    ours = summary["systems"]["ours"]
    assert ours["utterances"] == 2
    assert ours["figures"]["peak"]["value"] == float(rows[0]["peak"])
    assert ours["figures"]["peak"]["count"] == 1
    assert summary["versions"]["torch"]
    report = (tmp_path / "out" / "summary.md").read_text()
    assert "| ground_truth | 1 | 0.5" in report
    assert "n=1 |" in report
    assert "| nose | has no nose |" in report


def test_second_run_scores_only_what_changed(table, tmp_path) -> None:
    out = tmp_path / "out"
    run(table, out)
    before = (out / "summary.json").read_bytes()
    again = Peak()
    run(table, out, again)
    assert again.scored == []
    assert (out / "summary.json").read_bytes() == before
    write_audio(tmp_path / "b.wav", melody(seconds=0.2) * 0.25, SAMPLE_RATE)
    changed = Peak()
    run(table, out, changed)
    assert changed.scored == ["1"]


def test_other_weights_are_scored_again_and_named(table, tmp_path) -> None:
    weights, out = tmp_path / "weights", tmp_path / "out"
    weights.write_bytes(b"1")
    run(table, out, Peak(weights))
    weights.write_bytes(b"22")
    changed = Peak(weights)
    run(table, out, changed)
    assert len(changed.scored) == 3
    # sha256 of "22"
    assert json.loads((out / "summary.json").read_text())["models"] == {
        "ear": "785f3ec7eb32f30b90cd0fcf3657d388b5ff4297f2f9716ff66e9b69c05ddd09"
    }


def test_a_metric_that_is_added_leaves_the_others_alone(table, tmp_path) -> None:
    class Trough(Peak):
        name = "trough"

    run(table, tmp_path / "out")
    peak, trough = Peak(), Trough()
    evaluate(table, tmp_path / "out", [peak, trough], players="none")
    assert (peak.scored, len(trough.scored)) == ([], 3)


def test_a_fresh_run_is_the_same_byte_for_byte(table, tmp_path) -> None:
    """With a network: Resemblyzer."""
    pytest.importorskip("resemblyzer")
    table.write_text(
        "id,system,audio,text,prompt\n1,ours,b.wav,x,a.wav\n1,ground_truth,a.wav,x,a.wav\n", encoding="utf-8"
    )
    for out in (tmp_path / "one", tmp_path / "two"):
        evaluate(table, out, [Peak(), ResemblyzerSimilarity()])
    for name in ("utterances.csv", "summary.json", "summary.md", "list.json", "report.html"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_interrupted_run_keeps_its_scores(table, tmp_path) -> None:
    class Interrupted(Peak):
        def score(self, utterance: Utterance) -> Scores | None:
            if utterance.system == "ground_truth":
                raise KeyboardInterrupt
            return super().score(utterance)

    out = tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        run(table, out, Interrupted())
    assert not (out / "summary.json").exists()
    resumed = Peak()
    run(table, out, resumed)
    assert len(resumed.scored) == 1


def test_a_score_cut_by_a_crash_is_made_again(table, tmp_path) -> None:
    out = tmp_path / "out"
    run(table, out)
    file = out / "scores" / "0.jsonl"
    file.write_bytes(file.read_bytes()[:-20])
    resumed = Peak()
    run(table, out, resumed)
    assert len(resumed.scored) == 1
    shutil.rmtree(out / "scores" / "vectors")
    without_vectors = Peak()
    run(table, out, without_vectors)
    assert len(without_vectors.scored) == 2


def test_processes_share_the_rows_and_the_first_reports(table, tmp_path, monkeypatch) -> None:
    out = tmp_path / "out"
    monkeypatch.setattr("hiervox.evaluation.run._wait_for_others", lambda processes: None)
    for name, value in (("WORLD_SIZE", "2"), ("LOCAL_RANK", "0"), ("MASTER_ADDR", "x"), ("MASTER_PORT", "1")):
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("RANK", "1")
    second = Peak()
    assert evaluate(table, out, [second], players="none") is None
    assert len(second.scored) == 1 and not (out / "summary.json").exists()
    monkeypatch.setenv("RANK", "0")
    first = Peak()
    assert evaluate(table, out, [first], players="none") is not None
    assert (second.scored, first.scored) == (["2"], ["1", "1"])
    whole = tmp_path / "whole"
    monkeypatch.setenv("WORLD_SIZE", "1")
    run(table, whole)
    assert (out / "summary.json").read_bytes() == (whole / "summary.json").read_bytes()


def test_unreadable_recording_names_the_row(table, tmp_path) -> None:
    (tmp_path / "b.wav").write_bytes(b"not a sound")
    with pytest.raises(AudioError, match=r"table.csv row 2 \(ours, 1\): can't read .*b.wav") as caught:
        run(table, tmp_path / "out")
    assert "\n" not in str(caught.value)


def test_a_foreign_file_is_not_overwritten(table, tmp_path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "utterances.csv").write_text("name,age\nx,1\n")
    with pytest.raises(ConfigError, match=r"utterances\.csv exists"):
        run(table, out)
    assert (out / "utterances.csv").read_text() == "name,age\nx,1\n"


@pytest.mark.parametrize("place", ["file", "/proc/nowhere"])
def test_a_place_that_can_t_be_written_is_told_before_anything_is_scored(table, tmp_path, place) -> None:
    (tmp_path / "file").write_text("")
    metric = Peak()
    with pytest.raises(ConfigError, match="can't write into"):
        run(table, tmp_path / place, metric)
    assert metric.scored == []


def test_a_frozen_list_has_to_be_the_same(table, tmp_path) -> None:
    run(table, tmp_path / "first")
    frozen = tmp_path / "first" / "list.json"
    evaluate(table, tmp_path / "second", [Peak()], frozen=frozen, players="none")
    table.write_text("id,system,audio,text\n1,ours,b.wav,y\n2,ours,a.wav,\n", encoding="utf-8")
    with pytest.raises(DataError, match="the text of '1' is not the one in"):
        evaluate(table, tmp_path / "third", [Peak()], frozen=frozen, players="none")


def test_pairs_of_systems_are_compared(table, tmp_path) -> None:
    lines = ["id,system,audio,text"]
    for number in range(8):
        for system, scale in (("loud", 0.9), ("quiet", 0.4)):
            name = f"{system}{number}.wav"
            write_audio(tmp_path / name, melody(seconds=0.1) * scale * (1 - number / 50), SAMPLE_RATE)
            lines.append(f"{number},{system},{name},x")
    table.write_text("\n".join(lines) + "\n", encoding="utf-8")
    run(table, tmp_path / "out")
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    [pair] = summary["comparisons"]["peak"]
    assert (pair["first"], pair["second"], pair["count"]) == ("loud", "quiet", 8)
    # all eight differences have one sign: two of the 2^8 assignments are as extreme
    assert pair["p"] == pytest.approx(2 / 2**8)
    assert "loud, quiet: +" in (tmp_path / "out" / "summary.md").read_text()


def test_figures_without_a_value_are_said_and_not_shown(table, tmp_path) -> None:
    table.write_text("id,system,audio\n1,ours,b.wav\n", encoding="utf-8")
    run(table, tmp_path / "out")
    report = (tmp_path / "out" / "summary.md").read_text()
    assert "| system | utterances |\n" in report
    assert "- no value: peak ↑ of peak (reads text)" in report
    assert json.loads((tmp_path / "out" / "summary.json").read_text())["systems"]["ours"]["figures"] == {
        "peak": None
    }


def test_what_is_not_finite_has_no_value(table, tmp_path) -> None:
    class Broken(Peak):
        def score(self, utterance: Utterance) -> Scores | None:
            return {"peak": float("inf") if utterance.system == "ours" else float("nan"), "note": "x"}

    run(table, tmp_path / "out", Broken())
    rows = list(csv.DictReader((tmp_path / "out" / "utterances.csv").open()))
    assert {row["peak"] for row in rows} == {""}
    assert "Infinity" not in (tmp_path / "out" / "report.html").read_text()


def test_progress_sees_the_rows_that_are_left(table, tmp_path) -> None:
    seen: list[str] = []

    def watch(rows):
        seen.extend(row.id for row in rows)
        return rows

    for _ in range(2):
        evaluate(table, tmp_path / "out", [Peak()], players="none", progress=watch)
    assert seen == ["1", "2", "1"]


def test_vectors_reach_the_summary(table, tmp_path) -> None:
    class First(Peak):
        name = "first"
        figures: ClassVar[Mapping[str, Figure]] = {}

        def summarize(self, rows):
            for row in rows:
                assert np.asarray(row.scores["samples"]).shape == (3,)
            return {}

    for _ in range(2):
        run(table, tmp_path / "out", First())


def test_a_metric_that_raises_is_named_with_its_row(table: Path, tmp_path: Path) -> None:
    class Broken(Peak):
        def score(self, utterance: Utterance) -> Scores | None:
            raise KeyError("formants")

    with pytest.raises(DataError, match=r"the metric peak failed on .*table.csv.* \(KeyError: 'formants'\)"):
        run(table, tmp_path / "out", Broken())


class Slips(Metric):
    """Errors over words, by the name of the recording: `3of10.wav`."""

    name = "slips"
    measures = "errors over words"
    paper = "none"
    columns = ("rate", "errors", "words")
    figures: ClassVar[Mapping[str, Figure]] = {
        "rate_corpus": Figure("rate (corpus)", "lower", column="rate", ratio=("errors", "words")),
        "rate": Figure("rate (mean)", "lower"),
    }

    @property
    def settings(self) -> Mapping[str, str]:
        return {}

    def score(self, utterance: Utterance) -> Scores | None:
        errors, words = (float(part) for part in utterance.audio.stem.split("of"))
        return {"rate": errors / words, "errors": errors, "words": words}


@pytest.fixture
def slips(tmp_path) -> Path:
    """Six sentences, of which the longest tells the two systems apart the other way than the others do."""
    lines = ["id,system,audio"]
    for system, found in (("a", ("60of100", *["0of1"] * 5)), ("b", ("10of100", *["1of1"] * 5))):
        for number, name in enumerate(found):
            folder = tmp_path / f"{system}{number}"
            folder.mkdir()
            write_audio(folder / f"{name}.wav", melody(scale=1 + len(lines) / 20, seconds=0.2), SAMPLE_RATE)
            lines.append(f"{number},{system},{folder.name}/{name}.wav")
    (tmp_path / "table.csv").write_text("\n".join(lines) + "\n")
    return tmp_path / "table.csv"


def test_a_corpus_rate_is_tested_as_it_is_shown(slips, tmp_path) -> None:
    run(slips, tmp_path / "out", Slips())
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    systems = {name: found["figures"] for name, found in summary["systems"].items()}
    for figure in ("rate_corpus", "rate"):
        [pair] = summary["comparisons"][figure]
        shown = systems["a"][figure]["value"] - systems["b"][figure]["value"]
        assert pair["difference"] == pytest.approx(shown, rel=1e-4)
    [corpus], [mean] = summary["comparisons"]["rate_corpus"], summary["comparisons"]["rate"]
    assert corpus["difference"] > 0 > mean["difference"]


def test_too_few_sentences_for_any_difference_are_said(slips, tmp_path) -> None:
    text = slips.read_text()
    more = text + "".join(
        line.replace(",b,", f",{name},") + "\n" for name in "cde" for line in text.split() if ",b," in line
    )
    slips.write_text(more)
    run(slips, tmp_path / "out", Slips())
    report = (tmp_path / "out" / "summary.md").read_text()
    assert "can show no difference at p < 0.05, however large it is: rate (corpus) ↓ (least p 0.31)" in report
    assert "Intervals over 6 utterances say little: take 20 or more." in report


def test_a_full_disk_leaves_the_scores_that_are_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = ScoreStore._opened

    def full(store: ScoreStore) -> BinaryIO:
        opened(store).close()
        store._stream = open("/dev/full", "ab")  # noqa: SIM115
        return store._stream

    monkeypatch.setattr(ScoreStore, "_opened", full)
    scores: dict[str, Any] = {"energy": 1.0, "vector": np.zeros(3)}
    with pytest.raises(OSError) as caught, ScoreStore(tmp_path / "new" / "out") as store:
        store.add("a", scores)
    assert caught.value.filename == str(tmp_path / "new" / "out" / "scores" / "0.jsonl")
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setattr(ScoreStore, "_opened", opened)
    with ScoreStore(tmp_path / "out") as store:
        store.add("a", scores)
    monkeypatch.setattr(ScoreStore, "_opened", full)
    with pytest.raises(OSError, match="No space"), ScoreStore(tmp_path / "out") as store:
        store.add("b", scores)
    left = {file.name for file in tmp_path.rglob("*") if file.is_file()}
    assert left == {"0.jsonl", "a.vector.npy"}
    with ScoreStore(tmp_path / "out") as store:
        assert "a" in store and "b" not in store

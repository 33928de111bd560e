from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hiervox.evaluation.listening.answers import (
    Answer,
    opinion_scores,
    opinion_tests,
    preferences,
    read_answers,
)
from hiervox.evaluation.listening.design import ANCHOR, REFERENCE
from hiervox.evaluation.listening.summary import summarize_answers
from hiervox.utils.errors import DataError

KEY = {
    "test": "t",
    "kind": "mos",
    "trials": {
        "1": {"sentence": "a", "systems": ["ours"]},
        "2": {"sentence": "a", "systems": ["=theirs"]},
    },
}


def write(folder: Path, name: str, content: Any) -> Path:
    path = folder / name
    path.write_text(json.dumps(content))
    return path


def saved(folder: Path, listener: str, *values: object, test: str = "t") -> Path:
    answers = [{"trial": str(number), "value": value} for number, value in enumerate(values, start=1)]
    content = {"test": test, "listener": listener, "answers": answers}
    return write(folder, f"{listener}.json", content)


def test_mean_opinion_scores(tmp_path) -> None:
    files = [saved(tmp_path, "anna", 5, 2), saved(tmp_path, "ben", 4, 1), saved(tmp_path, "cleo", 3, 1)]
    report = summarize_answers(files, write(tmp_path, "k.json", KEY), tmp_path / "out")
    assert "3 listeners, 6 answers" in report
    assert "| ours | 4.00 [3.00, 5.00] | 3 |" in report
    found = json.loads((tmp_path / "out" / "listening.json").read_text())
    assert found["scores"]["ours"]["value"] == 4
    assert "anna,a,ours,5" in (tmp_path / "out" / "ratings.csv").read_text()
    assert "anna,a,'=theirs,2" in (tmp_path / "out" / "ratings.csv").read_text()


def test_tests_pair_what_one_listener_said_of_one_sentence() -> None:
    answers = [
        Answer(listener, sentence, (system,), value)
        for listener in "ab"
        for sentence in "xyz"
        for system, value in (("good", 5), ("bad", 2))
    ]
    [pair] = opinion_tests(answers)
    assert (pair.first, pair.second, pair.count, pair.difference) == ("good", "bad", 6, 3.0)
    assert pair.p == pytest.approx(2 / 2**6)
    assert opinion_scores(answers)["good"].low == 5


def test_preferences_by_hand() -> None:
    """Of ten decided answers nine prefer the first: p = 2 · (10 + 1) / 2^10."""
    values = ["x"] * 9 + ["y"] + ["none"] * 2
    [pair] = preferences([Answer(str(n), "a", ("x", "y"), value) for n, value in enumerate(values)])
    assert (pair.first, pair.second, pair.undecided, pair.share.count) == ("x", "y", 2, 10)
    assert pair.share.value == 0.9
    assert pair.p == pytest.approx(2 * 11 / 1024)
    # Clopper and Pearson's interval of 9 in 10
    assert (pair.share.low, pair.share.high) == pytest.approx((0.5550, 0.9975), abs=1e-4)


def test_the_side_that_was_preferred_becomes_a_system(tmp_path) -> None:
    key = {**KEY, "kind": "ab", "trials": {"1": {"sentence": "a", "systems": ["x", "y"]}}}
    file = saved(tmp_path, "anna", "second")
    kind, [answer] = read_answers([file], write(tmp_path, "k.json", key))
    assert (kind, answer.value) == ("ab", "y")
    assert "| x | y | 0.0 [0.0, 97.5] | 1 | 0 |" in summarize_answers([file], tmp_path / "k.json", tmp_path)


def test_what_can_t_be_counted_is_named(tmp_path) -> None:
    key = write(tmp_path, "k.json", KEY)
    first = saved(tmp_path, "anna", 5)
    with pytest.raises(DataError, match="of one listener, 'anna'"):
        read_answers([first, first], key)
    for file, message in (
        (saved(tmp_path, "ben", 5, test="other"), "does not answer the test"),
        (saved(tmp_path, "cleo", 6), "the answer 6"),
        (saved(tmp_path, "dora", True), "the answer True"),
        (saved(tmp_path, "ed", "first"), "the answer 'first'"),
        (saved(tmp_path, "fay", 1, 1, 1), "unknown trial"),
        (write(tmp_path, "x.json", [1]), "not of a listening test"),
        (tmp_path / "absent.json", "can't read"),
        (saved(tmp_path, "gil"), "no answers"),
    ):
        with pytest.raises(DataError, match=message):
            read_answers([file], key)
    with pytest.raises(DataError, match="not the key"):
        read_answers([first], first)


def test_a_trial_answered_twice_is_refused(tmp_path) -> None:
    key = write(tmp_path, "k.json", KEY)
    answers = [{"trial": "1", "value": 5}, {"trial": "2", "value": 1}, {"trial": "1", "value": 1}]
    file = write(tmp_path, "a.json", {"test": "t", "listener": "anna", "answers": answers})
    with pytest.raises(DataError, match="answers the trial 1 twice"):
        read_answers([file], key)


def test_mushra_leaves_out_who_does_not_hear_the_reference(tmp_path) -> None:
    systems = ["ours", REFERENCE, ANCHOR]
    trials = {str(number): {"sentence": str(number), "systems": systems} for number in (1, 2)}
    key = write(tmp_path, "k.json", {"test": "t", "kind": "mushra", "trials": trials})
    files = [
        saved(tmp_path, "anna", [70, 100, 10], [60, 95, 20]),
        saved(tmp_path, "ben", [100, 100, 0], [100, 89, 0]),
    ]
    report = summarize_answers(files, key, tmp_path / "out")
    assert "| ours | 65.00 [" in report and "too often: ben." in report
    assert json.loads((tmp_path / "out" / "listening.json").read_text())["left_out"] == ["ben"]
    with pytest.raises(DataError, match="every listener"):
        summarize_answers(files[1:], key, tmp_path / "other")
    for values in ([70, 100], [70, 100, 101], [70, 100, True], 5, [70, 100, "10"]):
        with pytest.raises(DataError, match="has the answer"):
            read_answers([saved(tmp_path, "cleo", values)], key)

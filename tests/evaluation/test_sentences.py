from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from hiervox.evaluation.sentences import check_list, sentence_list
from hiervox.evaluation.table import Utterance
from hiervox.utils.errors import DataError


@pytest.fixture
def rows(tmp_path: Path) -> list[Utterance]:
    prompt = tmp_path / "prompt.wav"
    prompt.write_bytes(b"voice")
    return [
        Utterance(2 + number, name, system, tmp_path / f"{system}{name}.wav", f"text {name}", prompt)
        for number, (system, name) in enumerate((("ours", "a"), ("ours", "b"), ("ground_truth", "a")))
    ]


@pytest.fixture
def frozen(tmp_path: Path, rows: list[Utterance]) -> Path:
    path = tmp_path / "list.json"
    path.write_text(json.dumps(sentence_list(rows)))
    return path


def test_a_sentence_is_listed_once_whatever_the_systems_and_their_order(rows) -> None:
    found = sentence_list(rows)
    assert [entry["id"] for entry in found["sentences"]] == ["a", "b"]
    assert found == sentence_list(rows[::-1])


def test_other_systems_of_the_same_sentences_pass(rows, frozen) -> None:
    check_list(frozen, [dataclasses.replace(row, system="theirs") for row in rows[:2]])


def test_what_differs_is_named(rows, frozen, tmp_path) -> None:
    with pytest.raises(DataError, match="the text of 'a'"):
        check_list(frozen, [dataclasses.replace(rows[0], text="other"), rows[1]])
    with pytest.raises(DataError, match="lacks the sentence 'b'"):
        check_list(frozen, [rows[0]])
    with pytest.raises(DataError, match="no sentence 'c'"):
        check_list(frozen, [*rows, dataclasses.replace(rows[0], id="c")])
    rows[0].prompt.write_bytes(b"another voice")
    with pytest.raises(DataError, match="the prompt of 'a'"):
        check_list(frozen, rows)
    (tmp_path / "x.json").write_text("[]")
    with pytest.raises(DataError, match="not a frozen list"):
        check_list(tmp_path / "x.json", rows)

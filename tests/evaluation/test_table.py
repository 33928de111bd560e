from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from hiervox.evaluation.registry import METRICS
from hiervox.evaluation.store import score_key
from hiervox.evaluation.table import read_table
from hiervox.utils.errors import DataError
from tests.plugins import installed


def write(folder: Path, text: str) -> Path:
    (folder / "wavs").mkdir(exist_ok=True)
    (folder / "wavs" / "a.wav").write_bytes(b"")
    table = folder / "table.csv"
    table.write_text(text, encoding="utf-8")
    return table


def test_paths_are_relative_to_the_table_and_cells_may_be_empty(tmp_path) -> None:
    table = write(
        tmp_path, '\ufeffid,system,audio,text,prompt,reference\n1,x,wavs/a.wav,"a, b",,wavs/a.wav\n'
    )
    [utterance] = read_table(table)
    assert utterance.audio == tmp_path / "wavs" / "a.wav" == utterance.reference
    assert (utterance.text, utterance.prompt, utterance.row) == ("a, b", None, 2)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("id,system,audio,promt\n1,x,wavs/a.wav,\n", "unknown column 'promt': did you mean 'prompt'"),
        ("id,audio\n1,wavs/a.wav\n", "no column 'system'"),
        ("id,system,audio\n", "no rows"),
        ("id,system,audio\n1,,wavs/a.wav\n", "row 2 has no system"),
        ("id,system,audio\n1,x,wavs/b.wav\n", "row 2: no audio file .*b.wav"),
        ("id,system,audio\n1,x,wavs/a.wav,more\n", "row 2 has more cells"),
        ("id,system,audio\n1,x,wavs/a.wav\n1,x,wavs/a.wav\n", r"row 3 \(x, 1\) has the id of row 2"),
    ],
)
def test_a_bad_table_names_the_place(tmp_path, text, message) -> None:
    with pytest.raises(DataError, match=message):
        read_table(write(tmp_path, text))


def test_no_table(tmp_path) -> None:
    with pytest.raises(DataError, match="no table"):
        read_table(tmp_path / "absent.csv")


def test_other_names_of_columns_and_the_optional_ones(tmp_path) -> None:
    table = write(
        tmp_path,
        "system,utterance,generated,reference,text,speaker,resynthesized_prompt\n"
        "x,1,wavs/a.wav,wavs/a.wav,words,anna,wavs/a.wav\n",
    )
    [utterance] = read_table(table)
    assert (utterance.id, utterance.audio, utterance.speaker) == ("1", tmp_path / "wavs" / "a.wav", "anna")
    assert utterance.resynthesized_prompt == tmp_path / "wavs" / "a.wav"
    with pytest.raises(DataError, match="the column 'id' twice"):
        read_table(write(tmp_path, "id,utterance,system,audio\n1,1,x,wavs/a.wav\n"))


NOISY = """
from typing import ClassVar
from hiervox.evaluation.metric import Figure, Metric

class Noisy(Metric):
    name = "noisy"
    measures = "what a test needs"
    paper = "none"
    texts = ("place",)
    files = ("noise",)
    columns = ("noisy",)
    figures: ClassVar = {"noisy": Figure("Noisy", "lower")}
    settings: ClassVar = {}

    def score(self, utterance):
        return {"noisy": len(utterance.texts["place"]) + utterance.files["noise"].stat().st_size}
"""


def test_columns_that_a_metric_declares_are_read_and_digested(tmp_path: Path) -> None:
    for name in ("a.wav", "n.wav"):
        (tmp_path / name).write_bytes(b"1234")
    table = tmp_path / "table.csv"
    table.write_text("id,system,audio,noise,place\n1,x,a.wav,n.wav,street\n2,x,a.wav,,\n")
    with pytest.raises(DataError, match="unknown column 'noise'"):
        read_table(table)
    points = {"hiervox.metrics": {"noisy": "noisy_metric:Noisy"}}
    with installed(tmp_path / "site", "noisy", points, {"noisy_metric.py": NOISY}):
        first, second = read_table(table)
        assert (first.texts, first.files) == ({"place": "street"}, {"noise": tmp_path / "n.wav"})
        assert (second.texts, second.files) == ({}, {})
        metric = METRICS["noisy"]()
        assert metric.score(first) == {"noisy": 10}
        before = score_key(metric, first, {})
        (tmp_path / "n.wav").write_bytes(b"12345")
        assert score_key(metric, first, {}) != before
        assert score_key(metric, replace(first, texts={}), {}) != score_key(metric, first, {})
        table.write_text("id,system,audio,noise\n1,x,a.wav,none.wav\n")
        with pytest.raises(DataError, match="row 2: no noise file"):
            read_table(table)

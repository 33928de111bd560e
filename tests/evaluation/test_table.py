from __future__ import annotations

from pathlib import Path

import pytest

from hiervox.evaluation.table import read_table
from hiervox.utils.errors import DataError


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

from __future__ import annotations

from pathlib import Path

import pytest

from hiervox.evaluation.folders import pair_folders
from hiervox.utils.errors import DataError


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    for name in ("human/a.flac", "human/deep/b.wav", "human/c.wav", "ours/a.wav", "ours/deep/b.wav"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "human" / "a.txt").write_text("Hello.\n", encoding="utf-8")
    (tmp_path / "human" / "deep" / "b.normalized.txt").write_text("hello", encoding="utf-8")
    (tmp_path / "human" / "notes.md").write_text("no sound")
    return tmp_path / "human", tmp_path / "ours"


def test_files_are_paired_by_name(folders) -> None:
    rows = pair_folders(*folders)
    assert [(row.system, row.id) for row in rows] == [
        ("ground_truth", "a"),
        ("ground_truth", "deep/b"),
        ("ours", "a"),
        ("ours", "deep/b"),
    ]
    assert rows[2].reference == rows[2].prompt == folders[0] / "a.flac"
    assert (rows[2].text, rows[3].text) == ("Hello.", "hello")
    assert rows[2].audio == folders[1] / "a.wav"


def test_what_can_t_be_paired_is_told(folders, tmp_path) -> None:
    human, ours = folders
    with pytest.raises(DataError, match="no folder"):
        pair_folders(human, tmp_path / "absent")
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="holds no recordings"):
        pair_folders(human, tmp_path / "empty")
    (ours / "z.wav").write_bytes(b"")
    with pytest.raises(DataError, match=r"1 of 3 recordings .* give z a file"):
        pair_folders(human, ours)
    (human / "a.wav").write_bytes(b"")
    with pytest.raises(DataError, match="have one name"):
        pair_folders(human, ours)

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from hiervox.utils.errors import ConfigError
from hiervox.utils.files import (
    all_or_nothing,
    publish_folder,
    replacing_file,
    require_name,
    require_writable,
    undone_on_failure,
    whole_folder,
    write_json,
)
from hiervox.utils.litter import own_prefix
from hiervox.utils.outputs import check_outputs


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    target = tmp_path / "folder" / "file.json"
    write_json(target, {"a": 1})
    with pytest.raises(RuntimeError), replacing_file(target) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert target.read_text() == '{\n  "a": 1\n}\n'
    assert [path.name for path in target.parent.iterdir()] == ["file.json"]


def test_a_published_folder_replaces_the_old_one(tmp_path: Path) -> None:
    for name in ("old", "new"):
        (tmp_path / name).mkdir()
        (tmp_path / name / f"{name}.txt").write_text(name)
    publish_folder(tmp_path / "new", tmp_path / "old")
    assert [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.txt")] == ["old/new.txt"]


def test_files_that_belong_together_come_together(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "place"
    with all_or_nothing(folder, last="a.wav") as stage:
        (stage / "a.wav").write_text("sound")
        (stage / "b.json").write_text("record")
        assert not (folder / "b.json").exists()
    written = {path.name: path.read_text() for path in folder.iterdir()}
    assert written == {"a.wav": "sound", "b.json": "record"}


def test_a_failure_between_files_that_belong_together_leaves_the_old_ones(tmp_path: Path) -> None:
    (tmp_path / "b.json").write_text("old")
    for folder in (tmp_path, tmp_path / "new" / "place"):
        with pytest.raises(OSError, match="full"), all_or_nothing(folder, last="a.wav") as stage:
            (stage / "b.json").write_text("new")
            raise OSError("full")
    assert [path.name for path in tmp_path.iterdir()] == ["b.json"]
    assert (tmp_path / "b.json").read_text() == "old"


def test_a_failed_write_leaves_no_folder(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), replacing_file(tmp_path / "new" / "place" / "a.json"):
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "there").mkdir()
    with pytest.raises(RuntimeError), replacing_file(tmp_path / "there" / "a.json"):
        raise RuntimeError
    assert list(tmp_path.iterdir()) == [tmp_path / "there"]


def test_trying_a_folder_leaves_nothing(tmp_path: Path) -> None:
    require_writable(tmp_path / "new" / "place")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="place"):
        require_writable(tmp_path / "file" / "place")


def test_a_full_disk_is_said_of_the_file(tmp_path: Path) -> None:
    target = tmp_path / "big.json"
    with pytest.raises(OSError) as caught, replacing_file(target):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert (caught.value.errno, caught.value.filename) == (errno.ENOSPC, str(target))
    assert list(tmp_path.iterdir()) == []


def test_what_killed_processes_left_is_swept(tmp_path: Path) -> None:
    gone = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, text=True, check=True
    )
    mine = own_prefix()
    theirs = mine.replace(f"-{os.getpid()}-", f"-{int(gone.stdout)}-")
    elsewhere = f".hiervox-00000000-{int(gone.stdout)}-x"
    (tmp_path / f"{theirs}folder").mkdir()
    (tmp_path / f"{theirs}folder" / "half.wav").touch()
    for name in (f"{theirs}a.json", f"{mine}b.json", elsewhere, ".hiervox-notes", "mine.json"):
        (tmp_path / name).touch()
    write_json(tmp_path / "new.json", {})
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {f"{mine}b.json", elsewhere, ".hiervox-notes", "mine.json", "new.json"}


def test_names_that_no_file_can_have_are_refused_before_any_work(tmp_path: Path) -> None:
    require_name(tmp_path / ("x" * 255))
    for name in ("x" * 256, "ä" * 128, "x/" * 2048 + "x", "a\0b"):
        with pytest.raises(OSError, match=r"name|NUL"):
            require_name(tmp_path / name)


def test_half_characters_are_written_escaped(tmp_path: Path) -> None:
    write_json(tmp_path / "record.json", {"prompt": "caf\udce9.wav"})
    assert json.loads((tmp_path / "record.json").read_text(encoding="utf-8")) == {"prompt": "caf\udce9.wav"}


def test_a_full_disk_is_told_of_the_file_that_was_asked_for(tmp_path: Path) -> None:
    with (
        pytest.raises(OSError) as raised,
        all_or_nothing(tmp_path / "new", last="a.wav") as stage,
    ):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(stage / "a.wav"))
    assert raised.value.filename == str(tmp_path / "new" / "a.wav") and not (tmp_path / "new").exists()


def _write_two(out: Path, mark: str) -> None:
    with all_or_nothing(out, last="a.wav") as stage:
        (stage / "a.wav").write_text(mark)
        (stage / "a.wav.json").write_text(mark)


def _write_folder(out: Path, mark: str) -> None:
    with whole_folder(out) as stage:
        (stage / "a.wav").write_text(mark)
        (stage / "b.wav").write_text(mark)


WRITERS: dict[str, tuple[Callable[[Path, str], None], list[str]]] = {
    "a file": (lambda out, mark: write_json(out / "a.wav", mark), ["a.wav"]),
    "files that belong together": (_write_two, ["a.wav", "a.wav.json"]),
    "a folder": (_write_folder, []),
}


@pytest.mark.parametrize("links", [True, False])
@pytest.mark.parametrize("kind", WRITERS)
def test_of_eight_at_once_with_one_name_one_wins(
    kind: str, links: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*names: object) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    if not links:  # as on FAT
        monkeypatch.setattr(os, "link", refuse)
    write, names = WRITERS[kind]
    together, out = Barrier(8), tmp_path / "new" / "place"

    def work(mark: str) -> str | None:
        check_outputs([out / name for name in names], False, folders=[] if names else [out])
        together.wait()
        try:
            write(out, mark)
        except ConfigError as error:
            assert "was made by another program meanwhile: choose another name, or add --overwrite" in str(
                error
            )
            return None
        return mark

    with ThreadPoolExecutor(8) as pool:
        won = [mark for mark in pool.map(work, "01234567") if mark is not None]
    assert len(won) == 1
    assert {file.read_text().strip().strip('"') for file in out.iterdir()} == set(won)
    left = {file.name for file in tmp_path.rglob("*") if file.is_file()}
    assert left == (set(names) or {"a.wav", "b.wav"}) and not list(tmp_path.rglob(".*"))


def test_files_that_belong_together_go_again_where_one_is_taken(tmp_path: Path) -> None:
    names = ("a.json", "b.png", "c.wav")
    check_outputs([tmp_path / name for name in names])
    with (
        pytest.raises(ConfigError, match=r"b\.png was made"),
        all_or_nothing(tmp_path, last="c.wav") as stage,
    ):
        for name in names:
            (stage / name).write_text("ours")
        (tmp_path / "b.png").write_text("theirs")
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [("b.png", "theirs")]


def test_what_appears_may_be_replaced_where_it_is_own_or_overwriting_was_asked_for(tmp_path: Path) -> None:
    own, asked, other = (tmp_path / name for name in ("own", "asked", "other"))
    check_outputs([own], is_own=lambda file: file.read_text() == "earlier run")
    check_outputs([asked], True)
    check_outputs([other])
    for file in (own, asked):
        file.write_text("earlier run")
        write_json(file, 1)
        assert file.read_text() == "1\n"
    write_json(other, 1)
    write_json(other, 2)  # its own a moment ago
    assert other.read_text() == "2\n"


def test_what_was_not_there_before_goes_again_where_a_later_file_fails(tmp_path: Path) -> None:
    (tmp_path / "old.json").write_text("old")
    with pytest.raises(RuntimeError), undone_on_failure() as write:
        for name in ("old.json", "new/place/a.json", "new/b.json", "c.json"):
            write(tmp_path / name, lambda path: write_json(path, 1))
        write_json(tmp_path / "c.json", "another's by now")
        raise RuntimeError
    assert {path.name for path in tmp_path.iterdir()} == {"old.json", "c.json"}
    with undone_on_failure() as write:
        write(tmp_path / "new" / "d.json", lambda path: write_json(path, 1))
    assert (tmp_path / "new" / "d.json").exists()

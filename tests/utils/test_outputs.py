from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from hiervox.utils import outputs
from hiervox.utils.errors import ConfigError
from hiervox.utils.outputs import check_outputs


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("folder").mkdir()
    Path("in.wav").write_text("input")
    Path("folder/inner.wav").write_text("input")
    Path("link.wav").symlink_to("in.wav")
    Path("hard.wav").hardlink_to("in.wav")
    Path("door").symlink_to("folder")
    return tmp_path


def refusal(*files: str, overwrite: bool | None = True, **others: object) -> str:
    with pytest.raises(ConfigError) as caught:
        check_outputs([Path(file) for file in files], overwrite, **others)  # type: ignore[arg-type]
    return str(caught.value)


NAMES = ["in.wav", "./in.wav", "folder/../in.wav", "new/../in.wav", "link.wav", "hard.wav", "door/../in.wav"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("input_name", ["in.wav", "link.wav", "hard.wav", "."])
def test_an_input_is_known_by_each_of_its_names(name: str, input_name: str, place: Path) -> None:
    assert "is read as an input" in refusal(name, inputs=[None, input_name])
    assert "is read as an input" in refusal(str(place / name), inputs=[place / input_name])


@pytest.mark.parametrize(
    "pair", [("new.wav", "x/../new.wav"), ("door/a", "folder/a"), ("in.wav", "hard.wav")]
)
def test_two_outputs_are_two_files(pair: tuple[str, str]) -> None:
    assert "is written twice" in refusal(*pair)
    check_outputs([Path(pair[0]), None, Path("other.wav")], True)


def test_no_output_is_the_folder_of_another() -> None:
    for pair in (("new", "new/a.wav"), ("x/../new", "./new/er/a.wav"), ("folder/new", "door/new/a.wav")):
        assert "is written as a file and as a folder" in refusal(*pair)
        assert "is written as a file and as a folder" in refusal(*reversed(pair))
    assert "is written as a file and as a folder" in refusal("new/a.wav", folders=[Path("new")])


def test_where_the_case_of_a_name_is_ignored_it_makes_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    check_outputs([Path("a.wav"), Path("A.wav")])
    monkeypatch.setattr(outputs, "ignores_case", lambda path: True)
    assert "is written twice" in refusal("a.wav", "A.wav")


def test_two_names_of_one_case_are_no_sign_of_a_file_system_that_ignores_it(place: Path) -> None:
    Path("FOLDER").symlink_to("folder")
    assert not outputs.ignores_case(place / "folder" / "new")


def test_what_exists_stays_without_overwrite() -> None:
    Path("dangling.wav").symlink_to("nowhere")
    for name in ("in.wav", "link.wav", "dangling.wav"):
        assert refusal(name, overwrite=False) == f"{name} exists: choose another name, or add --overwrite"
        assert refusal(name, overwrite=None) == f"{name} exists: choose another name"
        check_outputs([Path(name)], True)
        check_outputs([Path(name)], False, is_own=Path.exists if name != "dangling.wav" else Path.is_symlink)


@pytest.fixture
def odd_files(place: Path) -> Iterator[list[str]]:
    os.mkfifo("pipe")
    Path("to_null").symlink_to("/dev/null")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind("socket")
    yield ["pipe", "socket", "to_null", "/dev/null", "/dev/zero"]
    listener.close()


def test_devices_pipes_and_sockets_are_never_replaced(odd_files: list[str]) -> None:
    for name in odd_files:
        assert "is a device, pipe or socket" in refusal(name)
        assert "is a device, pipe or socket" in refusal(name, is_own=lambda file: True)


def test_names_of_open_files_are_never_replaced(place: Path) -> None:
    with (place / "open.txt").open("w") as stream:
        for name in (f"/dev/fd/{stream.fileno()}", f"/proc/self/fd/{stream.fileno()}"):
            assert "is a device, pipe or socket" in refusal(name)


def test_links_that_lead_nowhere_and_folders_are_no_files() -> None:
    Path("loop").symlink_to("loop")
    assert "loop leads to a link to itself" in refusal("loop")
    assert "loop/a.wav leads to a link to itself" in refusal("loop/a.wav")
    assert "is a folder" in refusal("door")
    assert "can't write into in.wav" in refusal("in.wav/a.wav")
    for name in ("x" * 256 + "/a.wav", "a\0b"):
        assert "can't write" in refusal(name)


def test_a_loop_of_folders_among_the_inputs_is_walked_once() -> None:
    Path("folder/back").symlink_to("..")
    assert "is read as an input" in refusal("folder/inner.wav", inputs=["door"])
    Path("free.wav").write_text("mine")
    check_outputs([Path("free.wav")], True, inputs=["folder/inner.wav"])


def test_inputs_are_not_looked_at_where_nothing_can_be_lost() -> None:
    check_outputs([Path("new.wav")], True, inputs=(pytest.fail(name) for name in ["in.wav"]))


def test_a_folder_that_is_made_as_a_whole() -> None:
    check_outputs((), folders=[Path("new")])
    for name in ("folder", "door"):
        assert refusal(folders=[Path(name)], overwrite=None) == f"{name} is not empty: choose another folder"
        assert "holds" in refusal(folders=[Path(name)], inputs=["folder/inner.wav"])
        check_outputs((), True, folders=[Path(name)], inputs=["in.wav"])
    assert "in.wav is not a folder" in refusal(folders=[Path("in.wav")])


def test_a_working_directory_that_is_gone(tmp_path: Path) -> None:
    (tmp_path / "gone").mkdir()
    os.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    assert "working directory is no more" in refusal("new.wav")

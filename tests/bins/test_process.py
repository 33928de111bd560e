"""Tests of `hiervox.bins.process`."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from hiervox.bins import process
from hiervox.bins.process import expand_home, name_options


def test_home_is_expanded_where_a_shell_leaves_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    given = ["tts", "~/a.wav", "--prompt=~/b.wav:0.5", "--text", "~ about ~/", "--x=y=~/z", "~you/c"]
    assert expand_home(given) == [
        "tts", "/home/me/a.wav", "--prompt=/home/me/b.wav:0.5", "--text", "~ about ~/", "--x=y=~/z", "~you/c"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("message", "arguments", "named"),
    [
        (
            "noise_scale can't be 9: give at most 2",
            ["--noise-scale", "9"],
            "--noise-scale can't be 9: give at most 2",
        ),
        ("no speed 0.0: give more", ["--speed=0", "--seed", "1"], "no --speed 0.0: give more"),
        ("speedy can't be 0", ["--speed=0"], "speedy can't be 0"),
        ("no text file x: name one", ["--text-file", "x", "--"], "no text file x: name one"),
    ],
)
def test_controls_are_called_by_their_options(message: str, arguments: list[str], named: str) -> None:
    assert name_options(message, arguments) == named


def test_numba_writes_to_a_private_folder_where_the_home_takes_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv(process.NUMBA_CACHE, raising=False)
    monkeypatch.setattr(process, "_home_takes_files", lambda: False)
    monkeypatch.setattr(process.tempfile, "gettempdir", lambda: str(tmp_path))
    process.prepare_process()
    folder = Path(os.environ.pop(process.NUMBA_CACHE))
    assert folder.parent == tmp_path and folder.stat().st_mode & 0o777 == 0o700
    folder.chmod(0o777)  # somebody else could have put something there
    process.prepare_process()
    assert Path(os.environ.pop(process.NUMBA_CACHE)) != folder


def test_a_polite_end_cleans_up(tmp_path: Path) -> None:
    script = (
        "import pathlib, time\n"
        "from hiervox.bins.process import prepare_process\n"
        "from hiervox.utils.files import replacing_file\n"
        "prepare_process()\n"
        "with replacing_file(pathlib.Path('sound.wav')):\n    print('half', flush=True)\n    time.sleep(60)\n"
    )
    running = subprocess.Popen([sys.executable, "-c", script], cwd=tmp_path, stdout=subprocess.PIPE)
    assert running.stdout is not None and running.stdout.readline() == b"half\n"
    assert len(list(tmp_path.iterdir())) == 1
    running.send_signal(signal.SIGTERM)
    assert running.wait(20) == process.TERMINATED
    running.stdout.close()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "locale", [{"LC_ALL": "C"}, {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}]
)
def test_a_c_locale_takes_names_that_are_not_ascii(tmp_path: Path, locale: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "hiervox.bins.app", "sr", "größe \N{SNOWMAN}.wav", "--out", "ä.wav"],
        cwd=tmp_path,
        env={**os.environ, **locale},
        capture_output=True,
        timeout=120,
    )
    assert done.returncode == 2 and done.stderr.count(b"\n") == 1, done.stderr
    assert done.stderr.startswith(b"hiervox: no audio file gr")

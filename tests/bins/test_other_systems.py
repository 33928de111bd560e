"""The command starts and speaks where Python lacks what is POSIX's alone, as on Windows."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import soundfile

WITHOUT = """
import os, sys

import psutil  # which knows what this system has

for name in ("fcntl", "grp", "pwd", "resource", "termios"):
    sys.modules[name] = None
for name in ("O_CLOEXEC", "O_NOFOLLOW", "fork", "geteuid", "getuid", "killpg", "mkfifo", "sched_getaffinity"):
    vars(os).pop(name, None)
import hiervox.models.base.benchmark.streams
import hiervox.models.base.data.index, hiervox.models.base.training.loop
from hiervox.bins.app import main

main()
"""


def test_a_sentence_is_spoken_without_posix(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT, "tts", "Hello there.", "--out", "out.wav", "--device", "cpu"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    wav, rate = soundfile.read(tmp_path / "out.wav")
    assert 0.4 < len(wav) / rate < 3 and np.abs(wav).max() > 0.05

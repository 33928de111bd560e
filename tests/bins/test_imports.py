"""What each verb imports: what takes seconds only where it is needed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

HEAVY = ("librosa", "matplotlib", "pandas", "scipy.signal", "scipy.stats", "torch", "transformers")
PROGRAM = """
import json, sys
sys.argv[0] = "hiervox"
from hiervox.bins.app import main
try:
    main()
except SystemExit as end:
    assert not end.code, end.code
finally:
    print(json.dumps([name for name in {heavy} if name in sys.modules]), file=sys.stderr)
"""


def _imported(home: Path, *arguments: str) -> list[str]:
    """The heavy packages that a process has imported when its verb is done."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(heavy=HEAVY), *arguments],
        env={"PATH": "/usr/bin:/bin", "HIERVOX_HOME": str(home), "HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    imported: list[str] = json.loads(done.stderr.strip().splitlines()[-1])
    return imported


@pytest.mark.parametrize(
    "arguments",
    [
        ("--help",),
        ("tts", "--help"),
        ("evaluate", "--list"),
        ("models",),
        ("pretrained", "list"),
        ("systems",),
        ("voice", "list"),
    ],
    ids=" ".join,
)
def test_a_verb_without_networks_imports_nothing_heavy(arguments: tuple[str, ...], tmp_path: Path) -> None:
    assert _imported(tmp_path, *arguments) == []


@pytest.mark.parametrize("verb", ["tts", "vc"])
def test_speech_needs_torch_alone(verb: str, tmp_path: Path) -> None:
    prompt = tmp_path / "prompt.wav"
    time = np.arange(32_000) / 16_000
    sound = sum(np.sin(2 * np.pi * 120 * n * time) / n for n in range(1, 12)) * np.sin(2 * np.pi * time) ** 2
    soundfile.write(prompt, 0.1 * sound, 16_000)
    what = ("Hello.",) if verb == "tts" else ("--source", str(prompt))
    out = str(tmp_path / "out.wav")
    assert _imported(tmp_path, verb, *what, "--prompt", str(prompt), "-o", out) == ["torch"]

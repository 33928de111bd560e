"""What each verb imports: what takes seconds only where it is needed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from safetensors.numpy import save_file

from hiervox.bins.verbs import verb_names
from tests.conftest import REPOSITORY

HEAVY = (
    *("accelerate", "lhotse", "librosa", "matplotlib", "numba", "pandas", "scipy.signal", "scipy.stats"),
    *("sklearn", "torch", "torchaudio", "transformers"),
)
BOX = REPOSITORY / "pretrained" / "box"
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
        cwd=home,
        env={"PATH": "/usr/bin:/bin", "HIERVOX_HOME": str(home), "HOME": str(home), "HF_HUB_OFFLINE": "1"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    imported: list[str] = json.loads(done.stderr.strip().splitlines()[-1])
    return imported


@pytest.mark.parametrize("verb", verb_names())
def test_the_help_of_a_verb_imports_nothing_heavy(verb: str, tmp_path: Path) -> None:
    assert _imported(tmp_path, verb, "--help") == []


@pytest.mark.parametrize(
    "arguments",
    [
        ("--help",),
        ("doctor",),
        ("evaluate", "--list"),
        ("models",),
        ("new", "system", "foo", "foo"),
        ("pretrained", "list"),
        ("recipes",),
        ("systems",),
        ("systems", "show", "hierspeechpp"),
        ("systems", "show", "hifigan"),
        ("tasks",),
        ("voice", "list"),
    ],
    ids=" ".join,
)
def test_a_verb_without_networks_imports_nothing_heavy(arguments: tuple[str, ...], tmp_path: Path) -> None:
    assert _imported(tmp_path, *arguments) == []


def test_listing_saved_voices_reads_their_headers_alone(tmp_path: Path) -> None:
    voice = tmp_path / "voices" / "anna.safetensors"
    voice.parent.mkdir()
    record = json.dumps({"model": "0" * 64, "peak": 0.5, "pitch_mean": 120.0})
    save_file({"style": np.zeros(4, np.float32)}, voice, {"voice": record})
    assert _imported(tmp_path, "voice", "list") == []


def test_preparing_a_corpus_needs_no_network(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", 0.1 * np.ones(16_000), 16_000)
    (tmp_path / "table.csv").write_text("audio,text,speaker,language\na.wav,Hello.,a,en-us\n")
    table, out = str(tmp_path / "table.csv"), str(tmp_path / "data")
    assert _imported(tmp_path, "prepare", "--table", table, "--out", out) == []
    assert _imported(tmp_path, "vocabulary", "--cuts", out) == []
    reader = str(BOX / "text_to_vec")
    assert _imported(tmp_path, "vocabulary", "--cuts", out, "--init-from", reader) == []


def test_super_resolution_needs_torch_alone(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", 0.1 * np.ones(16_000), 16_000)
    narrow, wide = str(tmp_path / "a.wav"), str(tmp_path / "b.wav")
    assert _imported(tmp_path, "sr", narrow, "--rate", "24000", "-o", wide) == ["torch"]


@pytest.mark.parametrize("verb", ["tts", "vc"])
def test_speech_needs_torch_alone(verb: str, tmp_path: Path) -> None:
    prompt = tmp_path / "prompt.wav"
    time = np.arange(32_000) / 16_000
    sound = sum(np.sin(2 * np.pi * 120 * n * time) / n for n in range(1, 12)) * np.sin(2 * np.pi * time) ** 2
    soundfile.write(prompt, 0.1 * sound, 16_000)
    what = ("Hello.",) if verb == "tts" else ("--source", str(prompt))
    out = str(tmp_path / "out.wav")
    assert set(_imported(tmp_path, verb, *what, "--prompt", str(prompt), "-o", out)) == {"torch"}

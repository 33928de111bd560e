from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hiervox.bins.app import app, main
from tests.conftest import REPOSITORY


def hiervox(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "hiervox.bins.app", *arguments],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_a_users_mistake_is_one_line_and_code_2(tmp_path: Path) -> None:
    config = tmp_path / "wrong.json5"
    config.write_text('{system: "speechsr", part: "speechsr", out_dir: "x", data: {cutz: "y"}}')
    done = hiervox("config", "show", str(config))
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1 and "Traceback" not in done.stderr
    assert "'data.cutz'" in done.stderr and "wrong.json5" in done.stderr and "'cuts'" in done.stderr


def test_debug_prints_the_traceback_before_the_line(tmp_path: Path) -> None:
    done = hiervox("--debug", "config", "show", str(tmp_path / "none.json5"))
    first, *_, last = done.stderr.splitlines()
    assert done.returncode == 2 and first.startswith("Traceback")
    assert last.startswith("hiervox: no config file")


def test_a_place_that_cannot_be_written_is_one_line_and_code_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(*arguments: object, **keys: object) -> None:
        raise OSError(28, "No space left on device", "out.wav")

    monkeypatch.setattr("hiervox.bins.app.app", full)
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 2
    assert "can't use out.wav" in capsys.readouterr().err


def test_config_show_resolves(tmp_path: Path) -> None:
    (tmp_path / "base.json5").write_text(
        '{system: "speechsr", part: "speechsr", out_dir: "exp", data: {cuts: "cuts.jsonl.gz"}}'
    )
    child = tmp_path / "child.json5"
    child.write_text('{base: "base.json5", train: {batch_size: 3}}')
    result = CliRunner().invoke(
        app, ["config", "show", str(child), "--set", "train.max_steps=5", "--set", "seed=7"]
    )
    assert result.exit_code == 0, result.output
    tree = json.loads(result.output)
    assert (tree["train"]["batch_size"], tree["train"]["max_steps"], tree["seed"]) == (3, 5, 7)
    assert tree["train"]["optimizer"]["learning_rate"] > 0


@pytest.mark.parametrize(
    "verb",
    [
        "prepare",
        "validate",
        "vocabulary",
        "extract",
        "shard",
        "train",
        "tts",
        "vc",
        "sr",
        "convert",
        "pretrained",
        "evaluate",
        "listening",
        "systems",
        "config",
        "doctor",
    ],
)
def test_every_verb_explains_itself(verb: str) -> None:
    result = CliRunner().invoke(app, [verb, "--help"])
    assert result.exit_code == 0
    assert result.output.count("\n") > 3


HEAVY = ("transformers", "lhotse", "librosa", "numba", "matplotlib", "scipy", "sklearn", "onnxruntime")


def _loaded_by(statement: str, *packages: str) -> list[str]:
    report = f"print([name for name in {packages!r} if name in sys.modules])"
    code = f"import sys; {statement}; {report}"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=300, check=True
    )
    loaded: list[str] = json.loads(done.stdout.replace("'", '"'))
    return loaded


def test_the_command_line_starts_without_torch_and_other_large_packages() -> None:
    assert _loaded_by("import hiervox.bins.app", "torch", "numpy", *HEAVY) == []


def test_a_pipeline_that_speaks_starts_without_packages_that_it_may_not_need() -> None:
    assert _loaded_by("import hiervox.models.tts.hierspeechpp.pipeline", *HEAVY) == []


def test_a_working_directory_that_was_removed_is_one_line_and_code_2(tmp_path: Path) -> None:
    program = f'"{sys.executable}" -m hiervox.bins.app'
    gone = f'cd "{tmp_path}" && mkdir gone && cd gone && rmdir ../gone && {program}'
    for verb in ("tts Hello -o x.wav", f"validate --cuts {tmp_path} --out {tmp_path / 'out'}", "models"):
        done = subprocess.run(["bash", "-c", f"{gone} {verb}"], capture_output=True, text=True, timeout=120)
        said = "hiervox: the working directory is no more: change to one that is there\n"
        assert (done.returncode, done.stdout, done.stderr) == (2, "", said)

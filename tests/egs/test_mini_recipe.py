"""The recipe's shell script and its local programs, with a stand-in for the `hiervox` command."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest

from hiervox.evaluation.table import read_table
from hiervox.processors.audio import write_audio
from tests.conftest import REPOSITORY

RECIPE = REPOSITORY / "egs" / "tts" / "hierspeechpp" / "mini"
COMMON = REPOSITORY / "egs" / "common"
PARTS = ["text_to_vec", "synthesizer", "speechsr24", "speechsr48"]

# Writes down how it was called, and leaves what the later stages need: checkpoints, wav files, a report.
STAND_IN = """#!/usr/bin/env bash
set -euo pipefail
printf '%s\\n' "$*" >>"$CALLS"
arguments=("$@")
for ((i = 0; i < $#; i++)); do
  case ${arguments[i]} in
    --set) [[ ${arguments[i+1]} == out_dir=* ]] && run=${arguments[i+1]#out_dir=} ;;
    --out) out=${arguments[i+1]} ;;
    --out-dir) folder=${arguments[i+1]} ;;
    --table) table=${arguments[i+1]} ;;
  esac
done
case $1 in
  train) mkdir -p "$run" && cp -r "$FIXTURES/run/." "$run" ;;
  tts | vc)
    mkdir -p "$folder"
    tail -n +2 "$table" | while IFS=, read -r id _; do cp "$FIXTURES/voice.wav" "$folder/$id.wav"; done ;;
  sr)
    mkdir -p "$folder"
    for file in "${@:2}"; do
      [[ $file == --* ]] && break
      cp "$FIXTURES/voice.wav" "$folder/$(basename "$file")"
    done ;;
  evaluate) mkdir -p "$out" && printf '# Evaluation\\n\\n| system |\\n' >"$out/summary.md" ;;
esac
"""


@pytest.fixture
def environment(tmp_path: Path, warm_python: Path) -> dict[str, str]:
    import torch
    from safetensors.torch import save_file

    fixtures, programs = tmp_path / "fixtures", tmp_path / "programs"
    checkpoint = fixtures / "run" / "checkpoints" / "step-00000005"
    checkpoint.mkdir(parents=True)
    save_file({"weight": torch.zeros(500, 1000)}, checkpoint / "model.safetensors")
    (checkpoint / "config.json").write_text("{}")
    (checkpoint / "progress.json").write_text(json.dumps({"step": 5, "epoch": 2}))
    (checkpoint.parent / "last.json").write_text(json.dumps({"folder": checkpoint.name}))
    metrics = [
        {"step": 3, "split": "train", "seconds": 60.0},
        {"step": 3, "split": "dev", "total": 9.0},
        {"step": 5, "split": "train", "seconds": 20.0},
        {"step": 5, "split": "dev", "total": 7.5},
    ]
    (fixtures / "run" / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in metrics))
    write_audio(fixtures / "voice.wav", 0.3 * np.sin(np.arange(16000) / 16), 16000)
    programs.mkdir()
    (programs / "hiervox").write_text(STAND_IN)
    (programs / "hiervox").chmod(0o755)
    (programs / "python").symlink_to(warm_python / "python")
    return {
        **os.environ,
        "PATH": f"{programs}:{os.environ['PATH']}",
        "PYTHONPATH": str(REPOSITORY),
        "CALLS": str(tmp_path / "calls"),
        "FIXTURES": str(fixtures),
    }


def run(environment: dict[str, str], *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [str(RECIPE / "run.sh"), *map(str, arguments)]
    return subprocess.run(command, env=environment, cwd="/", capture_output=True, text=True)


def calls(environment: dict[str, str]) -> list[str]:
    path = Path(environment["CALLS"])
    return path.read_text().splitlines() if path.exists() else []


def test_help_names_every_option_and_stage(environment: dict[str, str]) -> None:
    result = run(environment, "--help")
    assert result.returncode == 0
    for option in ("--stage", "--stop-stage", "--corpus", "--exp", "--bundle", "--device"):
        assert option in result.stdout
    assert [line[2] for line in result.stdout.splitlines() if line[2:3].isdigit()] == list("123456789")


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--stag", "1"], "no option --stag"),
        (["--stage"], "--stage needs a value"),
        (["--stage", "ten"], "stages are numbers"),
        (["--corpus", "/nowhere.csv"], "no corpus /nowhere.csv"),
    ],
)
def test_a_wrong_option_is_one_line(environment: dict[str, str], arguments: list[str], problem: str) -> None:
    result = run(environment, *arguments)
    assert result.returncode == 2
    assert problem in result.stderr and result.stderr.count("\n") == 1
    assert calls(environment) == []


def test_stages_are_selected_and_paths_follow_exp(environment: dict[str, str], tmp_path: Path) -> None:
    exp, table = tmp_path / "my exp", tmp_path / "table.csv"
    table.touch()
    paths = ["--exp", exp, "--corpus", table]
    result = run(environment, "--stage", 1, "--stop-stage", 4, *paths, "--device", "cpu")
    assert result.returncode == 0, result.stderr
    prepare, validate, extract, train = calls(environment)
    assert prepare == f"prepare --table {table} --out {exp}/data --overwrite"
    assert validate == f"validate --cuts {exp}/data --out {exp}/valid --jobs {os.cpu_count()}"
    assert extract.startswith(f"extract --cuts {exp}/valid --out {exp}/features --config {RECIPE}/conf/")
    assert train.startswith(
        f"train --config {RECIPE}/conf/text_to_vec.json5 --set out_dir={exp}/runs/text_to_vec"
    )
    assert f"data.cuts={exp}/features --device cpu" in train


def test_a_failing_stage_stops_the_recipe(environment: dict[str, str], tmp_path: Path) -> None:
    stand_in = tmp_path / "programs" / "hiervox"
    stand_in.write_text(STAND_IN.replace("case $1 in\n", "case $1 in\n  validate) exit 2 ;;\n"))
    assert run(environment, "--exp", tmp_path / "exp").returncode == 2
    assert [call.split()[0] for call in calls(environment)] == ["prepare", "validate"]


def test_all_stages_meet(environment: dict[str, str], tmp_path: Path) -> None:
    exp, bundle = tmp_path / "exp", tmp_path / "bundle"
    result = run(environment, "--exp", exp, "--bundle", bundle)
    assert result.returncode == 0, result.stderr
    verbs = [call.split()[0] for call in calls(environment)]
    assert verbs[:7] == ["prepare", "validate", "extract", "train", "train", "train", "train"]
    assert [verbs.count(verb) for verb in ("tts", "sr", "vc", "evaluate")] == [1, 2, 1, 1]
    assert not any("--resume" in call for call in calls(environment))

    for part in PARTS:
        files = sorted(file.name for file in (bundle / part).iterdir())
        assert files == ["config.json", "model.safetensors"]
    rows = read_table(exp / "evaluation.csv")
    assert {row.system for row in rows} == {
        "ground_truth",
        "tts_16000",
        "tts_24000",
        "tts_48000",
        "vc_source",
        "vc",
    }
    assert len(rows) == 6 * 4 + 3 * 2
    assert all(row.prompt and row.reference and row.text for row in rows)

    report = (exp / "RESULTS.md").read_text()
    assert "| text_to_vec | 0.500 | 5 | 2 | 1.3 | 9.000 → 7.500 → 7.500 |" in report
    assert "## Evaluation" in report and report in result.stdout

    run(environment, "--exp", exp, "--stage", 5, "--stop-stage", 5)
    assert calls(environment)[-1].endswith("--resume")


def test_a_missing_checkpoint_leaves_no_half_bundle(environment: dict[str, str], tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    (runs / "text_to_vec").parent.mkdir()
    (runs / "text_to_vec").symlink_to(tmp_path / "fixtures" / "run")
    script = COMMON / "local" / "assemble_bundle.py"
    result = subprocess.run(
        ["python", script, "--runs", runs, "--out", tmp_path / "bundle", "--parts", *PARTS],
        env=environment,
        capture_output=True,
        text=True,
    )
    assert result.returncode != 0 and "no checkpoint in" in result.stderr
    assert not (tmp_path / "bundle").exists()


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        ("a,,voice.wav\n", "line 2 has no usable text"),
        ("a,hello,absent.wav\n", "line 2: no prompt file absent.wav"),
        ("a,hello,voice.wav\na,hello,voice.wav\n", "line 3 repeats the id a"),
    ],
)
def test_a_bad_test_list_is_named(
    environment: dict[str, str], tmp_path: Path, rows: str, problem: str
) -> None:
    table = tmp_path / "fixtures" / "list.csv"
    table.write_text("id,text,prompt\n" + rows)
    script = COMMON / "local" / "rows.py"
    result = subprocess.run(["python", script, table, "id"], env=environment, capture_output=True, text=True)
    assert result.returncode != 0 and problem in result.stderr


def test_paths_are_those_of_the_callers_folder(environment: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "table.csv").touch()
    command = [RECIPE / "run.sh", "--stop-stage", "1", "--exp", "exp", "--corpus", "table.csv"]
    subprocess.run(command, env=environment, cwd=tmp_path, check=True, capture_output=True)
    assert calls(environment) == [
        f"prepare --table {tmp_path}/table.csv --out {tmp_path}/exp/data --overwrite"
    ]

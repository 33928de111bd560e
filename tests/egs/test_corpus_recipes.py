"""The recipes of LibriTTS and VCTK on folders that look like them, with a stand-in for `hiervox`."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from pathlib import Path

import numpy as np
import pytest

from hiervox.models.base.data.manifest import read_cuts
from hiervox.processors.audio import write_audio
from tests.conftest import REPOSITORY
from tests.docs.test_commands import BLOCK
from tests.egs.lookalikes import make_libritts, make_vctk
from tests.egs.tiny_run import RECIPES, TINY_CONF, short_training

# Writes down how it was called, and leaves what the later stages need.
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
    --cuts) cuts=${arguments[i+1]} ;;
  esac
done
case $1 in
  validate) mkdir -p "$out" && cp "$cuts/cuts.jsonl.gz" "$out" ;;
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
LAUNCHER = """#!/usr/bin/env bash
printf 'accelerate %s\\n' "$*" >>"$CALLS"
while [[ $1 != hiervox.bins.app ]]; do shift; done
shift
exec hiervox "$@"
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
    (fixtures / "run" / "metrics.jsonl").write_text(
        json.dumps({"step": 5, "split": "train", "seconds": 6.0}) + "\n"
    )
    write_audio(fixtures / "voice.wav", 0.3 * np.sin(np.arange(16000) / 16), 16000)
    programs.mkdir()
    (programs / "python").symlink_to(warm_python / "python")
    scripts = {"hiervox": STAND_IN, "accelerate": LAUNCHER}
    for name, text in scripts.items():
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)
    return {
        **os.environ,
        "PATH": f"{programs}:{os.environ['PATH']}",
        "PYTHONPATH": str(REPOSITORY),
        "CALLS": str(tmp_path / "calls"),
        "FIXTURES": str(fixtures),
        "OMP_NUM_THREADS": "1",
    }


def run(environment: dict[str, str], recipe: str, *options: str | Path) -> subprocess.CompletedProcess[str]:
    command = [str(RECIPES / recipe / "run.sh"), *map(str, options)]
    return subprocess.run(command, env=environment, cwd="/", capture_output=True, text=True, timeout=500)


def calls(environment: dict[str, str]) -> list[str]:
    path = Path(environment["CALLS"])
    return path.read_text().splitlines() if path.exists() else []


@pytest.mark.parametrize(
    ("recipe", "stage_one"),
    [
        ("libritts", "--corpus libritts --folder /e/corpus"),
        ("vctk", "--corpus vctk --folder /e/corpus"),
    ],
)  # fmt: skip
def test_a_dry_run_prints_every_command_and_runs_none(
    environment: dict[str, str], recipe: str, stage_one: str
) -> None:
    result = run(environment, recipe, "--dry-run", "--exp", "/e", "--processes", "4", "--device", "cuda")
    assert result.returncode == 0, result.stderr
    assert calls(environment) == [] and not Path("/e").exists()
    lines = result.stdout.splitlines()
    assert [line[9] for line in lines if line.startswith("== stage")] == list("123456789")
    assert any(f"corpus.py download {stage_one}" in line for line in lines)
    launched = [line for line in lines if line.startswith("accelerate launch --multi_gpu")]
    rates = {"libritts": ["24"], "vctk": ["24", "48"]}[recipe]
    assert len(launched) == 3 + len(rates)
    assert all("--num_processes 4" in line and "-m hiervox.bins.app" in line for line in launched)
    for wanted in ("hiervox validate", "hiervox tts", "hiervox vc", "hiervox evaluate"):
        assert any(line.startswith(wanted) for line in lines)
    (cost,) = [line for line in lines if line.startswith("  6 synthesizer")]
    assert "1200000 steps of 80 utterances" in cost and "no GPU was measured" in cost


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (["--wide"], "--wide needs a value"),
        (["--size", "huge"], "--size is published"),
        (["--processes", "0"], "--processes is a number"),
        (["--test-speakers", "none"], "--test-speakers is a number"),
        (["--corpus", "nothing"], "no corpus nothing"),
    ],
)
def test_a_wrong_option_is_one_line(environment: dict[str, str], options: list[str], problem: str) -> None:
    result = run(environment, "libritts", "--device", "cpu", *options)
    assert result.returncode == 2
    assert problem in result.stderr and result.stderr.count("\n") == 1
    assert calls(environment) == []


def test_libritts_runs_stage_by_stage(environment: dict[str, str], tmp_path: Path) -> None:
    make_libritts(tmp_path)
    exp = tmp_path / "exp"
    options = ["--stage", "2", "--data", tmp_path, "--exp", exp, "--parts", "train-clean-100"]
    options += ["--device", "cpu", "--processes", "2", "--sentences", "3", "--semantic", "whisper"]
    for override in ("seed=7", "synthesizer:train.accumulate=2", "features.pitch.method=dio"):
        options += ["--set", override]
    result = run(environment, "libritts", *options)
    assert result.returncode == 0, result.stderr
    made = calls(environment)
    launched = [call for call in made if call.startswith("accelerate launch ")]
    assert len(launched) == 4 and all("--num_processes 2" in call for call in launched)
    by_verb = [call for call in made if not call.startswith("accelerate")]
    assert [call.split()[0] for call in by_verb] == [
        *["validate"] * 2, "extract", *["train"] * 3, "tts", "sr", "vc", "evaluate",
    ]  # fmt: skip
    extract, text_to_vec, synthesizer, speechsr = by_verb[2:6]
    assert "features.semantic.family=whisper" in extract and "features.pitch.method=dio" in extract
    for call in (text_to_vec, synthesizer):
        assert "model.semantic_channels=384" in call and "features.pitch.method=dio" in call
    assert "train.accumulate=2" in synthesizer and "train.accumulate=2" not in text_to_vec
    assert "features." not in speechsr and "seed=7" in speechsr and f"data.cuts={exp}/valid/train" in speechsr

    train, test = (read_cuts(exp / "data" / side) for side in ("train", "test"))
    assert (len(train), len(test)) == (15, 8)
    assert not {cut.supervisions[0].speaker for cut in train} & {cut.supervisions[0].speaker for cut in test}
    assert train[0].id == "1001_201001_000000_000000"
    assert [cut.id for cut in train] == sorted(cut.id for cut in train)
    assert train[0].supervisions[0].language == "en-us" and train[0].supervisions[0].text
    assert json.loads((exp / "data" / "train" / "summary.json").read_text())["speakers"] == 3
    assert (exp / "RESULTS.md").read_text().count("| text_to_vec |") == 1
    assert "speechsr48" not in (exp / "RESULTS.md").read_text()

    again = run(environment, "libritts", *options, "--stage", "5", "--stop-stage", "5")
    assert again.returncode == 0 and calls(environment)[-1].endswith("--resume")
    assert "counted in stage 2" in again.stdout


def test_vctk_runs_stage_by_stage(environment: dict[str, str], tmp_path: Path) -> None:
    make_vctk(tmp_path)
    exp = tmp_path / "exp"
    options = ["--stage", "2", "--stop-stage", "8", "--data", tmp_path, "--exp", exp, "--device", "cpu"]
    result = run(environment, "vctk", *options, "--test-speakers", "2", "--sentences", "2", "--size", "lite")
    assert result.returncode == 0, result.stderr
    train, test = (read_cuts(exp / "data" / side) for side in ("train", "test"))
    assert len(train) == len(test) == 6
    assert all(cut.id.endswith("_mic1") for cut in [*train, *test])
    assert {cut.recording.sampling_rate for cut in train} == {48_000}
    made = calls(environment)
    assert not [call for call in made if call.startswith("accelerate")]
    trained = [call.split("out_dir=")[1].split()[0] for call in made if call.startswith("train")]
    parts = ["text_to_vec", "synthesizer", "speechsr24", "speechsr48"]
    assert trained == [f"{exp}/runs/{part}" for part in parts]
    assert [call for call in made if "synthesizer_lite.json5" in call]
    lists = (exp / "test_list.csv").read_text(), (exp / "vc_list.csv").read_text()
    assert all(text.count("\n") == 3 for text in lists)


def test_a_missing_corpus_is_one_line(environment: dict[str, str], tmp_path: Path) -> None:
    options = ["--stage", "2", "--exp", tmp_path / "exp", "--device", "cpu"]
    result = run(environment, "libritts", *options)
    assert result.returncode != 0 and "run stage 1, or name the folder" in result.stderr
    assert "Traceback" not in result.stderr


def test_libritts_for_real_up_to_a_step_of_text_to_vec(
    environment: dict[str, str], warm_python: Path, tmp_path: Path
) -> None:
    """Later stages run the same programs as those of the mini recipe; `tests.egs.tiny_run` runs them all."""
    make_libritts(tmp_path, parts=(("train-clean-100", 2, 4), ("test-clean", 2, 1)))
    hiervox = tmp_path / "programs" / "hiervox"
    hiervox.unlink()
    hiervox.symlink_to(warm_python / "hiervox")
    overrides = short_training(steps=1, dev_size=2)
    exp = tmp_path / "exp"
    options = ["--stage", "2", "--stop-stage", "5", "--data", tmp_path, "--exp", exp, "--conf", TINY_CONF]
    options += ["--parts", "train-clean-100", "--device", "cpu", "--jobs", "1"]
    result = run(environment, "libritts", *options, *overrides)
    assert result.returncode == 0, result.stderr[-2000:]
    cuts = read_cuts(exp / "features")
    assert len(cuts) == 8
    assert all({"wav", "f0", "semantic", "semantic_perturbed_0"} <= set(cut.custom) for cut in cuts)
    (row, _) = map(json.loads, (exp / "runs" / "text_to_vec" / "metrics.jsonl").read_text().splitlines())
    assert row["step"] == 1 and row["ctc"] > 0


def test_commands_of_the_page_are_dry_runs_that_work(environment: dict[str, str], tmp_path: Path) -> None:
    page = (REPOSITORY / "docs" / "guides" / "recipes.md").read_text(encoding="utf-8")
    lines = [line for block in BLOCK.findall(page) for line in block.splitlines()]
    commands = [shlex.split(line, comments=True) for line in lines if line.startswith("egs/")]
    assert {Path(command[0]).parent.name for command in commands} == {"libritts", "vctk"}
    for program, *options in commands:
        dry = ["--stage", "9", "--stop-stage", "9", "--dry-run", "--device", "cpu", "--exp", tmp_path / "exp"]
        result = run(environment, Path(program).parent.name, *options, *dry)
        assert result.returncode == 0, result.stderr
    assert not (tmp_path / "exp").exists() and calls(environment) == []

"""The recipes of vocoders: configs, options, and the table of the benchmark."""

from __future__ import annotations

import csv
import json
import runpy
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile

from hiervox.models.base.data.manifest import audio_path, read_cuts
from hiervox.models.base.registry import get_part
from hiervox.utils.config import load_config
from hiervox.utils.registry import resolve
from tests.conftest import REPOSITORY
from tests.egs.lookalikes import make_libritts, make_vctk
from tests.own import own_systems

RECIPES = REPOSITORY / "egs" / "vocoder"
BENCHMARK = REPOSITORY / "egs" / "benchmark" / "vocoders"
PROGRAMS = ("evaluation_table", "results")
VOCODERS = sorted(own_systems("vocoder"))


def run(script: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(script), *arguments], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("system", VOCODERS)
@pytest.mark.parametrize("size", ["published", "small"])
def test_every_vocoder_has_a_recipe_with_two_sizes(system: str, size: str) -> None:
    schema = resolve(get_part(system, system).config)
    config = load_config(RECIPES / system / "conf" / f"{size}.json5", schema)
    assert (config.system, config.part) == (system, system)
    assert (RECIPES / system / "run.sh").stat().st_mode & 0o111


def test_unusable_options_are_refused_in_one_line() -> None:
    script = RECIPES / "hifigan" / "run.sh"
    for arguments, problem in {
        ("--corpus", "nowhere.csv"): "no corpus nowhere.csv",
        ("--test", "nowhere.csv"): "no table nowhere.csv",
        ("--corpus", "mini", "--size", "huge"): "no config",
        ("--stage", "9"): "stages are numbers from 1 to 6",
        ("--speed", "1"): "no option --speed",
    }.items():
        refused = run(script, *arguments)
        assert refused.returncode == 2 and problem in refused.stderr, refused.stderr
    assert "no vocoder x" in run(BENCHMARK / "run.sh", "--systems", "x").stderr


@pytest.mark.parametrize("corpus", ["ljspeech", "libritts", "vctk"])
def test_every_corpus_becomes_manifests_and_held_out_recordings(corpus: str, tmp_path: Path) -> None:
    root, exp = tmp_path / "root", tmp_path / "exp"
    {"ljspeech": make_ljspeech, "libritts": make_libritts, "vctk": make_vctk}[corpus](root)
    options = ("--corpus", corpus, "--root", str(root), "--exp", str(exp), "--stop-stage", "1")
    chosen = {"libritts": ("--parts", "train-clean-100"), "vctk": ("--test-speakers", "2")}.get(corpus, ())
    done = run(RECIPES / "vocos" / "run.sh", *options, *chosen)
    assert done.returncode == 0, done.stderr
    trained = read_cuts(exp / "data" / "train")
    with (exp / "test.csv").open(encoding="utf-8", newline="") as stream:
        held_out = [Path(row["audio"]).resolve() for row in csv.DictReader(stream)]
    assert len(held_out) == {"ljspeech": 100, "libritts": 8, "vctk": 6}[corpus]
    assert len(trained) == {"ljspeech": 2, "libritts": 15, "vctk": 6}[corpus]
    assert not {Path(audio_path(cut)).resolve() for cut in trained} & set(held_out)
    assert all(path.is_file() for path in held_out)


def make_ljspeech(folder: Path) -> None:
    """Two sentences to train on, and the hundred held out."""
    wavs = folder / "LJSpeech-1.1" / "wavs"
    wavs.mkdir(parents=True)
    names = [f"LJ001-{number:04d}" for number in range(102)]
    (wavs.parent / "metadata.csv").write_text("".join(f"{name}|A.|A.\n" for name in names))
    for name in names:
        soundfile.write(wavs / f"{name}.wav", np.zeros(2205), 22_050)


def test_the_benchmark_prepares_once_and_trains_each_with_the_budget(tmp_path: Path) -> None:
    script = BENCHMARK / "run.sh"
    done = run(
        script, "--dry-run", "--exp", str(tmp_path / "exp"), "--steps", "7", "--systems", "vocos,wavenet"
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len([line for line in lines if "--stop-stage 3" in line]) == 1
    trained = [line for line in lines if "--stop-stage 4" in line]
    assert [Path(line.split()[0]).parent.name for line in trained] == ["vocos", "wavenet"]
    assert all("train.max_steps=7" in line and "exp/data/features" in line for line in trained)
    assert not (tmp_path / "exp").exists()


def test_the_benchmark_takes_a_row_as_a_folder(tmp_path: Path) -> None:
    (tmp_path / "mine" / "conf").mkdir(parents=True)
    (tmp_path / "mine" / "conf" / "small.json5").write_text("{}")
    script, exp = BENCHMARK / "run.sh", ("--exp", str(tmp_path / "exp"))
    done = run(script, "--dry-run", *exp, "--systems", "vocos", "--row", str(tmp_path / "mine"))
    assert done.returncode == 0, done.stderr
    trained = [line for line in done.stdout.splitlines() if "--stop-stage 4" in line]
    assert f"--conf {tmp_path}/mine/conf" in trained[1] and "exp/mine" in trained[1]
    assert "no recipe 'vocoder/none'" in run(script, "--dry-run", *exp, "--row", "vocoder/none").stderr
    assert "no " in run(script, "--dry-run", *exp, "--row", str(tmp_path)).stderr
    listed = run(script, "--help").stdout
    assert f"(default {','.join(VOCODERS)})" in listed


def test_the_table_holds_figures_speed_and_size(tmp_path: Path) -> None:
    figures = {"mcd": {"value": 4.0}, "f0_pearson": {"value": 0.5}, "pesq": None}
    for system in ("a", "b"):
        (tmp_path / system / "wavs" / "recorded").mkdir(parents=True)
        (tmp_path / system / "wavs" / "generated").mkdir()
        for kind in ("recorded", "generated"):
            (tmp_path / system / "wavs" / kind / "one.wav").touch()
        checkpoint = tmp_path / system / "run" / "checkpoints" / "step-00000007"
        checkpoint.mkdir(parents=True)
        (checkpoint / "progress.json").write_text('{"step": 7}')
        (checkpoint / "model.safetensors").touch()
        (checkpoint.parent / "last.json").write_text(json.dumps({"folder": checkpoint.name}))
        speed = {"real_time_factor": 0.5, "parameters": 2_000_000}
        (tmp_path / system / "wavs" / "speed.json").write_text(json.dumps(speed))
        (tmp_path / system / "seconds.txt").write_text("0m0.0s 0m0.0s\n1m30.0s 0m30.0s\n")
    local = {name: runpy.run_path(str(BENCHMARK / "local" / f"{name}.py")) for name in PROGRAMS}
    rows = local["evaluation_table"]["table_rows"](tmp_path, ["a", "b"])
    assert [(name, system) for name, system, _, _ in rows] == [
        ("one", "ground_truth"),
        ("one", "a"),
        ("one", "b"),
    ]
    assert rows[2][3] == str(tmp_path / "b" / "wavs" / "recorded" / "one.wav")
    (tmp_path / "evaluation").mkdir()
    systems = {name: {"figures": figures} for name in ("ground_truth", "a", "b")}
    (tmp_path / "evaluation" / "summary.json").write_text(json.dumps({"systems": systems}))
    (tmp_path / "evaluation" / "summary.md").write_text("# Evaluation\n")
    page = local["results"]["report"](tmp_path, ["a", "b"], 7, "What they are.").splitlines()
    table = [line for line in page if line.startswith("|")]
    assert table[2] == "| recordings | n/a | n/a | n/a | 4.00 | n/a | 0.500 |  |  |  |  |"
    assert table[4] == "| b | n/a | n/a | n/a | 4.00 | n/a | 0.500 | 0.50 | 2.00 | 7 | 2.0 |"

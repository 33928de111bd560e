"""The benchmarks of conversion: their programs on small inputs, and their recipes in a dry run."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from pydantic import BaseModel

from hiervox.utils.errors import ConfigError, HierVoxError
from tests.conftest import REPOSITORY
from tests.models.tts.hierspeech.test_pipeline import write_hierspeech

BENCHMARK = REPOSITORY / "egs" / "benchmark" / "zero_shot_vc"
SINGING = REPOSITORY / "egs" / "benchmark" / "svc"


@pytest.fixture
def local(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, ModuleType]]:
    """The benchmark's programs, imported from their folder and forgotten afterwards."""
    monkeypatch.syspath_prepend(str(REPOSITORY / "egs" / "common" / "local"))
    names = ("conversion_variants", "conversion_results")
    for name in names:
        sys.modules.pop(name, None)
    yield {name: importlib.import_module(name) for name in names}
    for name in names:
        sys.modules.pop(name, None)


def _run(*arguments: str, benchmark: Path = BENCHMARK) -> subprocess.CompletedProcess[str]:
    command = [str(benchmark / "run.sh"), *arguments]
    return subprocess.run(command, cwd="/", capture_output=True, text=True, timeout=120)


def test_given_and_trained_models_are_rows(tmp_path: Path) -> None:
    write_hierspeech(tmp_path / "mine")
    write_hierspeech(tmp_path / "tts" / "hierspeech" / "cpu-1h" / "runs" / "hierspeech")
    (tmp_path / "tts" / "valle" / "cpu-1h" / "model").mkdir(parents=True)
    given = ("--model", f"mine={tmp_path}/mine", "--trained", str(tmp_path / "tts"))
    done = _run("--dry-run", "--exp", str(tmp_path / "exp"), *given)
    assert done.returncode == 0, done.stderr
    converted = [line for line in done.stdout.splitlines() if "convert_list.py" in line]
    assert [line.split("--out ")[1].split()[0].rpartition("/")[2] for line in converted] == [
        "mine",
        "hierspeech_cpu-1h",
    ]
    assert f"mine={tmp_path}/exp/wavs/mine hierspeech_cpu-1h={tmp_path}/exp/wavs" in done.stdout
    assert not (tmp_path / "exp").exists()


@pytest.mark.parametrize(
    "wrong, said",
    [
        ((), "nothing to convert with"),
        (("--model", "mine"), "is not NAME=DIR"),
        (("--model", "mine=/nowhere"), "/nowhere"),
        (("--trained", "/"), "nothing in / converts"),
        (("--model", "default=box", "--model", "default=box"), "two rows are called default"),
        (("--model", "default=box", "--utmos", "/nowhere.pt"), "no file /nowhere.pt"),
    ],
)
def test_rows_that_can_not_be_are_one_line(wrong: tuple[str, ...], said: str, tmp_path: Path) -> None:
    done = _run("--dry-run", "--exp", str(tmp_path), *wrong)
    assert done.returncode == 2 and said in done.stderr and done.stderr.count("\n") == 1


def test_a_model_with_steps_is_a_row_for_each_number(
    local: dict[str, ModuleType], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    class Steps(BaseModel):
        steps: int = 6

    write_hierspeech(tmp_path)
    program = local["conversion_variants"]
    monkeypatch.setattr(program, "controls_of", lambda card: Steps)
    rows = list(program.variants([("mine", str(tmp_path))], [("", 6), ("mine", 30), ("other", 1)]))
    assert rows == [
        ("mine_6_steps", str(tmp_path), "steps=6"),
        ("mine_30_steps", str(tmp_path), "steps=30"),
    ]
    with pytest.raises(ConfigError, match="two rows"):
        list(program.variants([("mine", str(tmp_path))] * 2, [("", 6)]))
    with pytest.raises(HierVoxError):
        list(program.given(["mine=/nowhere"]))


def test_the_table_says_how_quick_each_was(local: dict[str, ModuleType], tmp_path: Path) -> None:
    figure = {"value": 0.125, "low": 0.1, "high": 0.2}
    systems = {
        name: {"figures": {"wer_corpus": figure, "sim_eer": figure}} for name in ("ground_truth", "mine")
    }
    summary = {"systems": systems, "comparisons": {}, "settings": {"F0": "dio"}, "versions": {"torch": "2"}}
    (tmp_path / "evaluation").mkdir()
    (tmp_path / "evaluation" / "summary.json").write_text(json.dumps(summary))
    (tmp_path / "wavs" / "mine").mkdir(parents=True)
    (tmp_path / "wavs" / "mine" / "speed.json").write_text('{"work": 2.0, "speech": 8.0}')
    (tmp_path / "list.sha256").write_text("abc\n")
    page = local["conversion_results"].report(tmp_path, "Voices", "")
    assert "| system | WER (%) ↓ | EER (%) ↓ | RTF ↓ |" in page
    assert "| mine | 12.5 [10.0, 20.0] | 12.5 [10.0, 20.0] | 0.250 |" in page
    assert "| ground_truth | 12.5 [10.0, 20.0] | 12.5 [10.0, 20.0] | n/a |" in page
    assert "steps.svg" not in page and not (tmp_path / "steps.svg").exists()


def test_figures_over_steps_are_drawn(local: dict[str, ModuleType], tmp_path: Path) -> None:
    names = ("mine_4_steps", "mine_10_steps", "other_1_steps", "plain")
    ends = ({"low": 0.1, "high": 0.9}, {"low": None, "high": None})
    systems = {
        name: {"figures": {"sim": {"value": 0.5, **ends[place % 2]}, "mcd": None}}
        for place, name in enumerate(names)
    }
    summary = {"systems": systems, "comparisons": {}, "settings": {}, "versions": {}}
    (tmp_path / "evaluation").mkdir()
    (tmp_path / "evaluation" / "summary.json").write_text(json.dumps(summary))
    (tmp_path / "list.sha256").write_text("abc\n")
    page = local["conversion_results"].report(tmp_path, "Songs", "")
    assert "(steps.svg)" in page
    drawn = (tmp_path / "steps.svg").read_text()
    assert "SIM" in drawn and "MCD" not in drawn and "mine" in drawn and "other" not in drawn
    program = importlib.import_module("steps_plot")
    assert [steps for steps, _ in program.curves(summary)["mine"]] == [4, 10]
    del systems["mine_4_steps"]
    (tmp_path / "evaluation" / "summary.json").write_text(json.dumps(summary))
    command = ["python", str(program.__file__), "--evaluation", str(tmp_path / "evaluation")]
    done = subprocess.run(
        [*command, "--out", str(tmp_path / "no.svg")], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 1 and done.stderr.count("\n") == 1 and "two numbers of steps" in done.stderr


def test_systems_that_sing_share_songs_and_a_vocoder(tmp_path: Path) -> None:
    done = _run("--dry-run", "--exp", str(tmp_path / "exp"), "--max-steps", "7", benchmark=SINGING)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    trained = [line for line in lines if "--stage 4" in line]
    assert len(trained) == 4 and all("--set train.max_steps=7" in line for line in trained)
    assert "--stop-stage 6" in trained[0] and all("--stop-stage 5" in line for line in trained[1:])
    linked = [line.split()[2:] for line in lines if line.startswith("ln ")]
    assert all("/transformer_svc/" in source and "/transformer_svc/" not in link for source, link in linked)
    assert sum("runs/vocoder" in source for source, _ in linked) == 2
    assert any("--parts student vocoder" in line for line in lines)
    converted = [line for line in lines if "convert_list.py --task svc" in line and "auto_key=off" in line]
    assert (
        len(converted) == 4
        and "--model " + str(tmp_path / "exp/trained/vits_svc/runs/vits_svc") in converted[3]
    )


@pytest.mark.parametrize(
    "wrong, said",
    [
        (("--systems", "none"), "no system none with corpus mini"),
        (("--systems", ""), "nothing to convert with"),
        (("--systems", "", "--model", "mine=/nowhere", "--stage", "3"), "/nowhere"),
    ],
)
def test_songs_that_nothing_can_sing_are_one_line(wrong: tuple[str, ...], said: str, tmp_path: Path) -> None:
    done = _run("--exp", str(tmp_path), *wrong, benchmark=SINGING)
    assert done.returncode == 2 and said in done.stderr and done.stderr.count("\n") == 1


def test_the_list_of_songs_has_the_sources_as_references_and_a_hash(tmp_path: Path) -> None:
    (tmp_path / "vc_list.csv").write_text("id,text,source,prompt\na,La la,song.wav,singer.wav\n")
    program = SINGING / "local" / "song_list.py"
    given = ["--conversions", str(tmp_path / "vc_list.csv"), "--out", str(tmp_path / "list.csv")]
    subprocess.run(["python", program, *given], check=True, timeout=60)
    assert (tmp_path / "list.csv").read_text() == "id,text,prompt,reference\na,La la,singer.wav,song.wav\n"
    assert len((tmp_path / "list.sha256").read_text().strip()) == 64


def test_a_budget_is_shared_by_network_and_vocoder(tmp_path: Path) -> None:
    done = _run("--dry-run", "--exp", str(tmp_path), "--budget", "601", "--set", "seed=5", benchmark=SINGING)
    trained = [line for line in done.stdout.splitlines() if "--stage 4" in line]
    shares = [
        sorted(word for word in line.split() if "budget_seconds" in word and "vocoder" not in word)
        for line in trained
    ]
    assert shares == [
        ["transformer_svc:train.budget_seconds=300"],
        ["diffwavenet_svc:train.budget_seconds=300"],
        ["student:train.budget_seconds=150", "teacher:train.budget_seconds=150"],
        ["train.budget_seconds=601"],
    ]
    assert all("train.workers=0" in line and "--set seed=5" in line for line in trained)
    assert sum("vocoder:train.budget_seconds=300" in line for line in trained) == 3
    wrong = _run("--dry-run", "--exp", str(tmp_path), "--budget", "5m", benchmark=SINGING)
    assert wrong.returncode == 2 and "whole number of seconds" in wrong.stderr


def test_trainings_are_told_with_what_they_took(tmp_path: Path) -> None:
    for run in ("one/runs/net", "one/runs/vocoder", "two/runs/net"):
        (tmp_path / run).mkdir(parents=True)
    (tmp_path / "one/runs/net/budget.jsonl").write_text('{"step": 10, "seconds": 3.6}\n')
    (tmp_path / "two/runs/net/metrics.jsonl").write_text('{"step": 7}\n')
    (tmp_path / "two/runs/vocoder").symlink_to(tmp_path / "one/runs/vocoder")
    program = SINGING / "local" / "trainings.py"
    command = ["python", str(program), "--trained", str(tmp_path), "--out", str(tmp_path / "t.md")]
    subprocess.run(command, check=True, timeout=60)
    rows = (tmp_path / "t.md").read_text().splitlines()[-3:]
    assert rows == ["| one | net | 10 | 4 |", "| one | vocoder | 0 | n/a |", "| two | net | 7 | n/a |"]

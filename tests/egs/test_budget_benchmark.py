"""The benchmark by budget: its programs on small inputs, and its recipe in a dry run."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import soundfile

from hiervox.models.base.training.experiment import load_experiment
from hiervox.utils.errors import ConfigError, DataError
from tests.conftest import REPOSITORY

BENCHMARK = Path(__file__).parents[2] / "egs" / "benchmark" / "zero_shot_tts"
PROGRAMS = (
    "budget",
    "trials",
    "frozen_list",
    "figures",
    "training_set",
    "joined_clips",
    "rows",
    "results",
    "sound_page",
)


@pytest.fixture
def local(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, ModuleType]]:
    """The benchmark's programs, imported from their folder and forgotten afterwards."""
    monkeypatch.syspath_prepend(str(REPOSITORY / "egs" / "common" / "local"))
    monkeypatch.syspath_prepend(str(BENCHMARK / "local"))
    for name in PROGRAMS:
        sys.modules.pop(name, None)
    yield {name: importlib.import_module(name) for name in PROGRAMS}
    for name in PROGRAMS:
        sys.modules.pop(name, None)


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(BENCHMARK / "run.sh"), *arguments]
    return subprocess.run(command, cwd="/", capture_output=True, text=True, timeout=120)


def recordings(folder: Path, speakers: int = 2, each: int = 3, **more: Any) -> Path:
    """A corpus of short tones with a manifest."""
    folder.mkdir(parents=True)
    rows = []
    for number in range(speakers * each):
        wav = 0.1 * np.sin(np.arange(16_000 * 3) * (number + 1) / 50).astype(np.float32)
        soundfile.write(folder / f"{number}.flac", wav, 16_000)
        row = {"audio": f"{number}.flac", "speaker": f"s{number // each}", "text": f"Sentence {number}."}
        rows.append(row | {"seconds": 3.0} | more)
    (folder / "manifest.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


def test_marks(local: dict[str, ModuleType]) -> None:
    seconds_of = local["budget"].seconds_of
    assert (seconds_of("cpu:2.5h"), seconds_of("gpu:10m")) == (9000, 600)
    for wrong in ("cpu:soon", "tpu:1h", "cpu:0h", "1h"):
        with pytest.raises(ConfigError, match="is not a budget"):
            seconds_of(wrong)


def test_a_network_gets_its_share_of_what_is_left(local: dict[str, ModuleType], tmp_path: Path) -> None:
    budget, runs, note = local["budget"], tmp_path / "runs", tmp_path / "spent.jsonl"
    noted = [{"name": "features", "seconds": 300, "done": done} for done in (False, True)]
    note.write_text("".join(json.dumps(row) + "\n" for row in noted))
    (runs / "first").mkdir(parents=True)
    (runs / "first" / "budget.jsonl").write_text(
        '{"step": 10, "seconds": 1000}\n{"step": 20, "seconds": 2000}\n'
    )
    used = budget.spent([note], runs, ["given=400"])
    assert used == {"given": 400, "features": 600, "first": 2000}
    assert budget.share_of_rest("cpu:1h", 0.5, "second", used, runs) == 300
    # one that has begun keeps what it began with
    (runs / "first" / "config.json").write_text('{"train": {"budget_seconds": 2100.5}}')
    assert budget.share_of_rest("cpu:1h", 0.5, "first", used, runs) == 2100.5
    with pytest.raises(ConfigError, match="leaves 0 s for second"):
        budget.share_of_rest("cpu:50m", 1.0, "second", used, runs)


@pytest.mark.parametrize(
    "line", ["{", "7", '{"name": "features"}', '{"name": "a", "seconds": "b"}', "[" * 100_000]
)
def test_a_broken_note_is_one_line(local: dict[str, ModuleType], tmp_path: Path, line: str) -> None:
    note = tmp_path / "spent.jsonl"
    note.write_text('{"name": "features", "seconds": 5}\n' + line)
    with pytest.raises(DataError, match=r"line 2 of \S+ is not a note"):
        local["budget"].noted(note)


def test_lists_prompt_with_other_recordings(local: dict[str, ModuleType], tmp_path: Path) -> None:
    frozen = local["frozen_list"]
    speakers = frozen.recordings(recordings(tmp_path / "voices", each=5))
    rows = frozen.test_list(speakers, 12)  # two more than there are recordings
    assert len({row["id"] for row in rows}) == 12
    assert len({(row["reference"], row["prompt"]) for row in rows}) == 12
    assert all(row["prompt"] != row["reference"] for row in rows)
    converted = frozen.conversion_list(speakers, 4)
    assert all(not Path(row["prompt"]).samefile(row["reference"]) for row in converted)
    moved = frozen.gathered(rows, tmp_path / "lists" / "list")
    assert all((tmp_path / "lists" / row["prompt"]).is_file() for row in moved)
    assert frozen.digest(rows) != frozen.digest(rows[:-1])
    with pytest.raises(DataError, match="no voice with two recordings"):
        frozen.recordings(recordings(tmp_path / "single", speakers=2, each=1))
    with pytest.raises(DataError, match="held out"):
        frozen.recordings(tmp_path / "nothing")


def test_the_training_set_leaves_out_what_is_held_out(local: dict[str, ModuleType], tmp_path: Path) -> None:
    corpora = [recordings(tmp_path / "sure"), recordings(tmp_path / "doubted", avg_logprob=-0.9)]
    summary = local["training_set"].make(corpora, frozenset({"s1"}), tmp_path / "set")
    assert (summary["clips"], summary["voices"]) == (6, 2)
    assert summary["minutes_with_text"] == {"sure": 0.1, "doubted": 0.0}
    rows = [json.loads(line) for line in (tmp_path / "set" / "table.jsonl").read_text().splitlines()]
    assert all(soundfile.info(tmp_path / "set" / row["audio"]).samplerate == 16_000 for row in rows)
    again = local["training_set"].make(corpora, frozenset({"s1"}), tmp_path / "set")
    assert again == summary
    with pytest.raises(DataError, match="no usable"):
        local["training_set"].make([tmp_path / "nowhere"], frozenset(), tmp_path / "set")


def test_clips_are_joined_to_pairs_of_one_voice(local: dict[str, ModuleType], tmp_path: Path) -> None:
    local["training_set"].make([recordings(tmp_path / "corpus")], frozenset(), tmp_path / "set")
    table = tmp_path / "set" / "table.jsonl"
    assert local["joined_clips"].join(table, tmp_path / "joined", 6.5) == 6
    rows = [json.loads(line) for line in (tmp_path / "joined" / "table.jsonl").read_text().splitlines()]
    assert rows[2]["text"] == "Sentence 2. Sentence 0."  # the last of a voice goes on with its first
    assert rows[2]["id"] == "corpus-2+corpus-0" and rows[2]["speaker"] == "corpus-s0"
    assert soundfile.info(tmp_path / "joined" / rows[0]["audio"]).duration == pytest.approx(6.15, abs=0.02)
    assert local["joined_clips"].join(table, tmp_path / "short", 5.0) == 6  # none fits: each stays alone
    assert "+" not in (tmp_path / "short" / "table.jsonl").read_text()


def figure(value: float) -> dict[str, float]:
    return {"value": value, "low": value - 0.1, "high": value + 0.1, "count": 60}


def test_results_tell_budgets_apart(local: dict[str, ModuleType], tmp_path: Path) -> None:
    for mark, seconds in (("cpu-1h", 3000), ("cpu-30m", 1200)):
        folder = tmp_path / "vits" / mark
        (folder / "wavs" / "synthetic").mkdir(parents=True)
        (folder / "wavs" / "synthetic" / "one.wav").touch()
        (folder / "runs" / "vits").mkdir(parents=True)
        (folder / "runs" / "vits" / "budget.jsonl").write_text(f'{{"step": 10, "seconds": {seconds}}}\n')
    (tmp_path / "vits" / "spent.jsonl").write_text('{"name": "features", "seconds": 600, "done": true}\n')
    trials = local["trials"].trials(tmp_path)
    assert [trial.name for trial in trials] == ["vits cpu:30m", "vits cpu:1h"]
    assert trials[1].costs() == {"features": 600, "vits": 3000}
    assert [name for name, _ in local["trials"].spoken(tmp_path, "synthetic")] == [
        "vits cpu:30m",
        "vits cpu:1h",
    ]
    assert list(local["sound_page"].largest(dict(local["trials"].spoken(tmp_path, "synthetic")))) == [
        "vits cpu:1h"
    ]

    systems = {
        name: {"figures": {"wer_corpus": figure(wer), "sim": figure(0.5)}}
        for name, wer in (("ground_truth", 0.0), ("vits cpu:30m", 0.8), ("vits cpu:1h", 0.4))
    }
    pair = {"first": "vits cpu:30m", "second": "vits cpu:1h", "p_holm": 0.01, "speakers": 12, "count": 60}
    pair |= {"least": 0.001}
    summary = {"systems": systems, "comparisons": {"wer": [pair], "sim": [{**pair, "p_holm": 0.5}]}}
    results, shown = local["results"], local["figures"].FIGURES
    assert "| vits cpu:1h | 40.0 [30.0, 50.0] | n/a | 0.500 [0.400, 0.600] | n/a | n/a |" in results.table(
        summary, shown
    )
    assert results.differences(summary, shown)[0] == "- vits cpu:30m differs in WER from vits cpu:1h."
    few = {"systems": systems, "comparisons": {"wer": [{**pair, "speakers": 5, "least": 0.0625}]}}
    assert results.differences(few, shown) == ["- 5 speakers can show no difference: the least p is 0.062."]
    rows = list(local["rows"].trained_rows(tmp_path, {"synthetic": summary}))
    cost = "| vits cpu:1h | n/a | 60.0: features 10.0, vits 50.0 | n/a | 20"
    assert results.costs(rows)[-1].startswith(cost)
    assert "| given |" in results.costs([replace(rows[-1], about={**rows[-1].about, "seconds": {}})])[-1]
    results.plot({"synthetic": summary}, rows, tmp_path / "plot.svg")
    assert (
        "hours of one processor" in (tmp_path / "plot.svg").read_text()
        or (tmp_path / "plot.svg").stat().st_size
    )


def kept_row(local: dict[str, ModuleType], system: str, wer: float, sha256: str = "one") -> Any:
    """A row of 24 utterances by eight speakers."""
    name = f"{system} cpu:1h"
    about = {"system": system, "mark": "cpu:1h", "date": "2026-01-01", "machine": "a machine"}
    about |= {"parameters": 1.0, "seconds": {system: 3600.0}, "rtf": None}
    about["lists"] = {"synthetic": {"sha256": sha256, "figures": {name: {"wer_corpus": figure(wer)}}}}
    scores = {name: {str(number): {"wer": round(wer + number / 1000, 4)} for number in range(24)}}
    return local["rows"].Row(system, "cpu:1h", about, {"synthetic": scores})


def test_rows_of_other_machines_stand_beside_and_are_tested(
    local: dict[str, ModuleType], tmp_path: Path
) -> None:
    rows = local["rows"]
    for system, wer in (("vits", 0.1), ("valle", 0.9)):
        kept_row(local, system, wer).write(tmp_path / "kept")
    figures_only = kept_row(local, "hierspeechpp", 0.3)
    rows.Row("hierspeechpp", "cpu:1h", figures_only.about).write(tmp_path / "kept")
    kept_row(local, "glow_tts", 0.5, sha256="another list").write(tmp_path / "kept")
    kept = rows.kept_rows(tmp_path / "kept")
    assert {row.name: row for row in kept}["vits cpu:1h"].scores == kept_row(local, "vits", 0.1).scores

    lists = tmp_path / "exp" / "lists"
    lists.mkdir(parents=True)
    (lists / "synthetic.sha256").write_text("one\n")
    lines = [f"{number},s{number % 8}\n" for number in range(24)]
    (lists / "synthetic.csv").write_text("id,speaker\n" + "".join(lines))
    truth = {"systems": {"ground_truth": {"figures": {}}}, "comparisons": {}}
    summary = rows.merged(tmp_path / "exp", "synthetic", truth, rows.all_rows([], kept))
    assert list(summary["systems"]) == ["ground_truth", "hierspeechpp cpu:1h", "valle cpu:1h", "vits cpu:1h"]
    said = local["results"].differences(summary, local["figures"].FIGURES)
    assert "- vits cpu:1h differs in WER from valle cpu:1h." in said
    assert said[-1].startswith("- hierspeechpp cpu:1h: only figures were kept")
    (tmp_path / "kept" / "vits-cpu-1h" / "about.json").write_text("{}")
    with pytest.raises(DataError, match="no usable"):
        rows.kept_rows(tmp_path / "kept")


def test_a_page_takes_along_what_an_earlier_one_has(local: dict[str, ModuleType], tmp_path: Path) -> None:
    sound = tmp_path / "one.wav"
    soundfile.write(sound, np.zeros(1600, np.float32), 16_000)
    row = {"id": "one", "text": "Is it <so>?", "prompt": str(sound), "reference": str(sound)}
    page, kept_players = local["sound_page"].page, local["sound_page"].kept_players
    earlier = kept_players(page([row], {"vits cpu:1h": tmp_path}))
    assert list(earlier["Is it <so>?"]) == ["prompt", "recording", "vits cpu:1h"]
    later = kept_players(page([row], {"valle cpu:1h": tmp_path}, earlier))
    assert set(later["Is it <so>?"]) == {"prompt", "recording", "vits cpu:1h", "valle cpu:1h"}
    assert later["Is it <so>?"]["vits cpu:1h"] == earlier["Is it <so>?"]["vits cpu:1h"]


@pytest.mark.parametrize("arguments", [("--budget", "cpu:soon"), ("--systems", "nobody")])
def test_bad_input_is_one_line(arguments: tuple[str, ...]) -> None:
    done = run(*arguments)
    assert done.returncode == 2 and done.stderr.count("\n") == 1


def test_a_dry_run_trains_every_network_of_every_plan(tmp_path: Path) -> None:
    files = sorted((BENCHMARK / "conf" / "budget").glob("*.sh"))
    systems = ",".join(path.stem for path in files)
    done = run("--dry-run", "--exp", str(tmp_path / "exp"), "--systems", systems)
    assert done.returncode == 0, done.stderr
    trained = [line for line in done.stdout.splitlines() if line.startswith("hiervox train")]
    plans = "".join(path.read_text() for path in files)
    assert len(trained) == plans.count("  teach ")
    assert not (tmp_path / "exp").exists()
    given = run("--dry-run", "--exp", str(tmp_path / "exp"), "--systems", "vits", "--models", "vits=/given")
    assert "hiervox train" not in given.stdout and "--model /given" in given.stdout


def test_the_gpu_command_takes_what_stage_1_made(tmp_path: Path) -> None:
    (tmp_path / "exp" / "set").mkdir(parents=True)
    command = [str(BENCHMARK / "gpu.sh"), str(tmp_path / "exp"), str(tmp_path / "out"), "--dry-run"]
    refused = subprocess.run(command, capture_output=True, text=True)
    assert refused.returncode == 2 and refused.stderr.count("\n") == 1
    (tmp_path / "exp" / "set" / "table.jsonl").touch()
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "== stage 1" not in done.stdout and "train.workers=8" in done.stdout


CONFIGS = sorted(
    path
    for path in BENCHMARK.parents[1].glob("*/*/budget/conf/*.json5")
    if path.stem not in ("features", "decoder")  # bases of others
)


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_a_config_counts_all_of_its_processor_time(path: Path) -> None:
    train = load_experiment(path, ["train.budget_seconds=60"]).train
    assert train.workers == 0 and train.schedule.kind == "cosine"


def test_a_row_is_a_folder_with_a_plan(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    plan = "parts=(net)\nplan() {\n  extract features conf/net.json5\n  teach net 1 conf/net.json5\n}\n"
    (tmp_path / "mine" / "plan.sh").write_text(plan)
    script = REPOSITORY / "egs" / "benchmark" / "zero_shot_tts" / "run.sh"
    command = ("--dry-run", "--systems", "vits", "--row", tmp_path / "mine", "--exp", tmp_path / "exp")
    done = subprocess.run(
        ["bash", str(script), *map(str, command), "--stage", "2", "--stop-stage", "2"],
        capture_output=True,
        text=True,
        check=True,
    )
    trained = [line for line in done.stdout.splitlines() if line.startswith("hiervox train")]
    assert "egs/tts/vits/budget/conf/vits.json5" in trained[0]
    assert (
        f"--config {tmp_path}/mine/conf/net.json5" in trained[1] and "exp/mine/cpu-1h/runs/net" in trained[1]
    )

"""The command that fills the tables of docs/guides/speed.md."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hiervox.bins.app import app
from hiervox.bins.rows import SOURCE, TEXT, read_rows
from hiervox.models.base.benchmark.networks import OURS, Result, Setting, Size
from hiervox.models.base.benchmark.report import network_rows, training_rows, updated
from hiervox.models.base.benchmark.training import TrainingResult
from hiervox.utils.csv_tables import read_csv
from hiervox.utils.errors import ConfigError
from hiervox.utils.timing import Timing

REPOSITORY = Path(__file__).resolve().parents[2]
RECIPE = REPOSITORY / "egs/benchmark/speed"
PAGE = REPOSITORY / "docs/guides/speed.md"


def _commands(*arguments: str) -> list[list[str]]:
    """What a dry run says that it would do."""
    done = subprocess.run(
        [str(RECIPE / "run.sh"), "--dry-run", *arguments],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return [shlex.split(line) for line in done.stdout.splitlines() if not line.startswith("==")]


@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_a_dry_run_names_commands_whose_options_exist(device: str, tmp_path: Path) -> None:
    (tmp_path / "hifigan").mkdir()
    commands = _commands("--device", device, "--published", str(tmp_path), "--golden", "golden")
    benchmarks = [command for command in commands if command[:2] == ["hiervox", "benchmark"]]
    known = CliRunner().invoke(app, ["benchmark", "--help"], env={"COLUMNS": "200"}).output
    for command in benchmarks:
        assert all(word in known for word in command if word.startswith("--"))
        assert ("--reference" in command) == (
            command[2] == "hifigan" and not {"--graphs", "--batch", "--train"} & {*command}
        )
    assert any("--graphs" in command for command in benchmarks) == (device == "cuda")
    assert commands[-1] == ["python", "-m", "tests.parity", "golden", "--device", device]


@pytest.mark.parametrize("gpu", ["some GPU", None])
def test_the_page_has_a_table_for_each_of_its_rows(gpu: str | None) -> None:
    text, timing = PAGE.read_text(encoding="utf-8"), Timing((0.25,), (0.2,))
    setting = Setting(Size(4.0, 1), "cpu" if gpu is None else "cuda", threads=1)
    for timings in ({OURS: timing}, {OURS: timing, "published": timing}):
        result = Result("a network", setting, timings, 1_000_000, 1e-5, gpu)
        assert text.count("| a network |") == 0
        assert updated(text, network_rows([result])).count("| a network |") == 1
    step = TrainingResult("a network", setting, 2_000_000, timing, 3_000_000, {}, gpu)
    assert updated(text, training_rows([step])).count("| a network |") == 1


def test_what_is_spoken_in_each_precision_is_there(tmp_path: Path) -> None:
    program = ["python", str(RECIPE / "local/precision_lists.py"), "--precisions", "float32", "bf16"]
    asked = ["--corpus", str(REPOSITORY / "egs/datasets/mini"), "--items", "33", "--out", str(tmp_path)]
    subprocess.run([*program, *asked], check=True, timeout=300)
    spoken, converted = read_rows(tmp_path / "tts.csv", TEXT, None, tmp_path), tmp_path / "vc.csv"
    made = {*spoken, *read_rows(converted, SOURCE, None, tmp_path)}
    assert len(spoken) == 33 and len(made) == 33
    rows = [row for _, row in read_csv(tmp_path / "table.csv", {}).rows]
    assert {row["system"] for row in rows} == {"tts, float32", "vc, float32", "tts, bf16", "vc, bf16"}
    assert len({row["audio"] for row in rows}) == len(rows) == 4 * 33
    assert all(Path(row["prompt"]).is_file() for row in rows)


def test_graphs_want_a_gpu() -> None:
    result = CliRunner().invoke(app, ["benchmark", "speechsr", "--graphs", "--device", "cpu"])
    assert isinstance(result.exception, ConfigError) and "no CUDA graphs" in str(result.exception)


def test_throughput_is_drawn(tmp_path: Path) -> None:
    program = ["python", str(RECIPE / "local/throughput.py"), "--device", "cpu", "--repeats", "1"]
    asked = [
        "--workloads",
        "speechsr/speechsr24",
        "--batches",
        "1",
        "--seconds",
        "0.5",
        "--out",
        str(tmp_path),
    ]
    subprocess.run([*program, *asked], check=True, timeout=300)
    assert (tmp_path / "throughput.svg").stat().st_size > 5000
    assert (tmp_path / "throughput.json").is_file()

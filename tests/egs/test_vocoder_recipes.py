"""The recipes of vocoders: configs, options, and the table of the benchmark."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from hiervox.models.base.registry import get_part, system_cards
from hiervox.utils.config import load_config
from hiervox.utils.registry import resolve
from tests.conftest import REPOSITORY

RECIPES = REPOSITORY / "egs" / "vocoder"
BENCHMARK = REPOSITORY / "egs" / "benchmark" / "vocoders"
VOCODERS = sorted(name for name, card in system_cards().items() if card.task == "vocoder")


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
        ("--corpus", "nowhere.csv"): "no table nowhere.csv",
        (): "no table given",
        ("--corpus", "mini", "--size", "huge"): "no config",
        ("--stage", "9"): "stages are numbers from 1 to 6",
        ("--speed", "1"): "no option --speed",
    }.items():
        refused = run(script, *arguments)
        assert refused.returncode == 2 and problem in refused.stderr, refused.stderr
    assert "no vocoder x" in run(BENCHMARK / "run.sh", "--systems", "x").stderr


def test_the_table_holds_means_speed_and_size(tmp_path: Path) -> None:
    for system, value in (("a", 1.0), ("b", 3.0)):
        (tmp_path / system / "scores").mkdir(parents=True)
        (tmp_path / system / "wavs").mkdir()
        lines = [
            "id,system,audio,mcd,f0",
            f"1,generated,x,{value},",
            "1,ground_truth,x,0,0",
            "2,generated,x,5,2",
        ]
        (tmp_path / system / "scores" / "utterances.csv").write_text("\n".join(lines))
        speed = {"real_time_factor": 0.5, "parameters": 2_000_000}
        (tmp_path / system / "wavs" / "speed.json").write_text(json.dumps(speed))
    script, out = BENCHMARK / "local" / "table.py", tmp_path / "table.md"
    subprocess.run(
        ["python", script, "--exp", tmp_path, "--systems", "a,b", "--out", out],
        check=True,
        capture_output=True,
    )
    header, _, first, second = out.read_text().splitlines()
    assert header == "| system | mcd | f0 | RTF | M parameters |"
    assert first == "| a | 3.000 | 2.000 | 0.500 | 2.000 |"
    assert second == "| b | 4.000 | 2.000 | 0.500 | 2.000 |"

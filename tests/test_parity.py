"""The command that compares with golden files."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import typer
from safetensors.torch import load_file, save_file
from typer.testing import CliRunner, Result

from tests.parity import main

GOLDEN = "speechsr24"


def run(*arguments: str) -> Result:
    app = typer.Typer()
    app.command()(main)
    return CliRunner().invoke(app, list(arguments))


@pytest.fixture
def folder(shared: Path, tmp_path: Path) -> Path:
    """A folder of one golden file with its own spec, beside its own fill.py."""
    cases = tmp_path / "cases"
    cases.mkdir()
    shutil.copy(shared / "parity" / "fill.py", tmp_path)
    for suffix in ("safetensors", "spec.json"):
        shutil.copy(shared / "parity" / "official" / f"{GOLDEN}.{suffix}", cases)
    return cases


def test_agreement_exits_0_and_prints_the_error(folder: Path) -> None:
    result = run(str(folder))
    assert result.exit_code == 0, result.output
    name, tensor, error = result.output.split()
    assert (name, tensor) == (GOLDEN, "audio")
    assert 0 < float(error) < 1e-3


def test_other_weights_exit_1(folder: Path) -> None:
    result = run(str(folder), "--salt", "7")
    assert result.exit_code == 1
    assert "TOO LARGE" in result.output


def test_golden_tensor_that_nothing_computes_is_named(folder: Path) -> None:
    path = folder / f"{GOLDEN}.safetensors"
    tensors = load_file(path)
    save_file({**tensors, "mystery": tensors["audio"].clone()}, path)
    result = run(str(folder))
    assert result.exit_code == 0
    assert "mystery: no such output here" in result.output


def test_folder_without_golden_files_exits_2_with_one_line(tmp_path: Path) -> None:
    result = run(str(tmp_path))
    assert result.exit_code == 2
    assert result.output.startswith("error: no golden files in")
    assert result.output.count("\n") == 1


def test_golden_file_without_its_input_exits_2(folder: Path) -> None:
    path = folder / f"{GOLDEN}.safetensors"
    save_file({"audio": load_file(path)["audio"]}, path)
    result = run(str(folder))
    assert result.exit_code == 2
    assert "has no wav16k" in result.output

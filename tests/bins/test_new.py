"""Packages that `hiervox new` writes: pip installs them, and their own tests pass."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hiervox.bins.app import app
from hiervox.utils.errors import ConfigError
from tests.conftest import REPOSITORY
from tests.plugins import pip_install


def new(*arguments: str) -> None:
    result = CliRunner().invoke(app, ["new", *arguments])
    if isinstance(result.exception, ConfigError):
        raise result.exception
    assert result.exit_code == 0, f"{result.exception!r} {result.output}"


@pytest.mark.parametrize("kind", ["system", "task", "metric"])
def test_a_new_package_installs_and_passes_its_test(kind: str, warm_python: Path, tmp_path: Path) -> None:
    folder, site = tmp_path / "package", tmp_path / "site"
    new(kind, "my_own", str(folder))
    pip_install(folder, site)
    done = subprocess.run(
        [str(warm_python / "python"), "-m", "pytest", "-q", "-p", "no:cacheprovider", str(folder)],
        env={**os.environ, "PYTHONPATH": str(site)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0 and "1 passed" in done.stdout, done.stdout + done.stderr
    checked = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--config", str(REPOSITORY / "pyproject.toml"), str(folder)],
        capture_output=True,
        text=True,
    )
    assert checked.returncode == 0, checked.stdout


def test_a_name_that_cannot_be_used_and_a_full_folder_are_refused(tmp_path: Path) -> None:
    for name in ("My", "2nd", "class", "json", "a-b"):
        with pytest.raises(ConfigError, match="no package can be called"):
            new("system", name, str(tmp_path / "x"))
    with pytest.raises(ConfigError, match="there is a metric 'wer'"):
        new("metric", "wer", str(tmp_path / "x"))
    assert not (tmp_path / "x").exists()
    (tmp_path / "kept").write_text("mine")
    with pytest.raises(ConfigError, match="is not empty"):
        new("task", "mine", str(tmp_path))
    assert [file.name for file in tmp_path.iterdir()] == ["kept"]

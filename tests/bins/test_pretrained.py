"""`hiervox pretrained` and `hiervox convert --pretrained`, with no network and nobody to answer questions."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from hiervox.bins.convert import convert
from hiervox.bins.pretrained import pretrained_app
from hiervox.models.base.checkpoints.pretrained import pretrained_entries
from hiervox.utils.errors import CheckpointError, ConfigError, DependencyError
from tests.conftest import REPOSITORY

convert_app = typer.Typer()
convert_app.command()(convert)


def pretrained(*arguments: object) -> Result:
    return CliRunner().invoke(pretrained_app, [str(argument) for argument in arguments])


@pytest.fixture
def speechsr(shared: Path, tmp_path: Path) -> Path:
    """The published files of speechsr24, as a user has them from the authors' repository."""
    for name, published in (
        ("G_340000.pth", "speechsr24k_G_340000.pth"),
        ("config.json", "speechsr24k_config.json"),
    ):
        shutil.copy(shared / "checkpoints/speechsr" / published, tmp_path / name)
        (tmp_path / name).chmod(0o644)
    return tmp_path


def test_the_list_names_every_network_with_its_licence() -> None:
    lines = pretrained("list").output.splitlines()
    assert len(lines) == 1 + len(pretrained_entries())
    (mms,) = [line for line in lines if line.startswith("mms-300m ")]
    assert "CC BY-NC 4.0" in mms and "1.27 GB" in mms


@pytest.mark.parametrize("name", list(pretrained_entries()))
def test_show_tells_the_three_licences_and_the_use(name: str) -> None:
    output = pretrained("show", name).output
    for label in (
        "page:",
        "source:",
        "licence of the code:",
        "licence of the weights:",
        "licence of the data:",
    ):
        assert label in output
    assert pretrained_entries()[name].usage in output


def test_offline_nothing_is_asked_of_anyone(tmp_path: Path) -> None:
    """Neither the network nor the user, whose terminal is closed."""
    environment = {**os.environ, "HF_HOME": str(tmp_path), "HF_ENDPOINT": "http://127.0.0.1:9"}
    for option, why in ((["--offline"], "--offline asks no network"), ([], "can't be reached")):
        command = [sys.executable, "-m", "hiervox.bins.app", "pretrained", "fetch", "speechsr24", *option]
        done = subprocess.run(
            ["sh", "-c", 'exec "$@" <&-', "sh", *command],
            cwd=REPOSITORY,
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1), done.stderr
        assert "speechsr24k/G_340000.pth" in done.stderr and why in done.stderr


def test_what_is_not_here_is_not_verified(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hiervox.models.base.checkpoints.pretrained_files.find", lambda entry: None)
    assert isinstance(pretrained("verify", "mms-300m").exception, DependencyError)


def test_a_users_own_files_are_compared(speechsr: Path) -> None:
    result = pretrained("verify", "speechsr24", "--folder", speechsr)
    assert result.exit_code == 0 and "G_340000.pth: agrees in sha256" in result.output
    other = pretrained("verify", "speechsr48", "--folder", speechsr).exception
    assert isinstance(other, CheckpointError) and "has no G_100000.pth" in str(other)
    weights = speechsr / "G_340000.pth"
    weights.write_bytes(weights.read_bytes()[:-1] + b"?")
    corrupt = pretrained("verify", "speechsr24", "--folder", speechsr).exception
    assert isinstance(corrupt, CheckpointError) and f"{weights} is corrupt" in str(corrupt)


def test_conversion_by_name(speechsr: Path, tmp_path: Path) -> None:
    out = tmp_path / "converted"
    arguments = ["--pretrained", "speechsr24", "--folder", str(speechsr), "--out", str(out)]
    result = CliRunner().invoke(convert_app, arguments)
    assert result.exit_code == 0, result.output
    assert {path.name for path in out.iterdir()} == {"config.json", "model.safetensors"}
    (speechsr / "G_340000.pth").write_bytes(b"?" * 1_715_101)
    again = CliRunner().invoke(convert_app, [*arguments, "--overwrite"])
    assert isinstance(again.exception, CheckpointError)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--pretrained", "resemblyzer"], "needs no conversion: it is used as it is: hiervox evaluate"),
        (["--pretrained", "speechsr24", "--part", "speechsr"], "leave the others out"),
        (["--system", "speechsr", "--part", "speechsr"], "which weights is not clear"),
        (["--pretrained", "speechsr-24"], "did you mean 'speechsr24'"),
    ],
)
def test_what_to_convert_has_to_be_clear(arguments: list[str], message: str, tmp_path: Path) -> None:
    result = CliRunner().invoke(convert_app, [*arguments, "--out", str(tmp_path / "out")])
    assert isinstance(result.exception, ConfigError) and message in str(result.exception)
    assert not (tmp_path / "out").exists()

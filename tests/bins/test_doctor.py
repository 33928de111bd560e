from __future__ import annotations

import json
import sys
from collections import namedtuple
from importlib import metadata
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from hiervox.bins import doctor as module
from hiervox.bins.doctor import (
    Check,
    check_disk,
    check_espeak,
    check_hub,
    check_packages,
    check_python,
    doctor,
)

app = typer.Typer()
app.command()(doctor)


def examine_gives(monkeypatch: pytest.MonkeyPatch, *checks: Check) -> None:
    monkeypatch.setattr(module, "examine", lambda: list(checks))


def test_all_well_is_code_0(monkeypatch: pytest.MonkeyPatch) -> None:
    examine_gives(monkeypatch, Check("python", "3.11"), Check("hub", "no", "get one", needed=False))
    result = CliRunner().invoke(app)
    assert result.exit_code == 0
    lines = ["state  what    found  what to do", "ok     python  3.11", "note   hub     no     get one"]
    assert result.output.splitlines() == lines
    (python, hub) = json.loads(CliRunner().invoke(app, ["--json"]).output)
    assert python["found"] == "3.11" and hub["what to do"] == "get one"


def test_a_missing_thing_is_code_1_with_its_hint(monkeypatch: pytest.MonkeyPatch) -> None:
    examine_gives(monkeypatch, Check("python", "3.11"), Check("espeak", "not there", "pip install it"))
    result = CliRunner().invoke(app)
    assert result.exit_code == 1
    assert "missing  espeak  not there  pip install it" in result.output


def test_everything_is_looked_at_without_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hiervox.processors.semantic.hub.hub_reachable", lambda: False)
    names = {check.name for check in module.examine()}
    assert {"python", "resemblyzer", "espeak-ng", "offline Whisper", "device", "cores", "disk"} <= names


def test_packages_of_the_demo_are_checked_against_the_metadata(monkeypatch: pytest.MonkeyPatch) -> None:
    stated = [
        "torch>=2.0",
        "numpy>=999",
        "no-such-package>=1",
        'tensorboard>=2; extra == "train"',
        'no-such-judge; extra == "eval"',
        'no-such-tool; extra == "dev"',
    ]
    monkeypatch.setattr(metadata, "requires", lambda name: stated)
    checks = {check.name: check for check in check_packages()}
    assert not checks["torch"].hint
    assert "does not fit >=999" in checks["numpy"].detail
    assert checks["no-such-package"].hint == 'pip install "no-such-package>=1"'
    assert checks["no-such-judge"].hint
    assert "no-such-tool" not in checks


def test_a_checkout_that_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    def requires(name: str) -> list[str]:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "requires", requires)
    (check,) = check_packages()
    assert "pip install" in check.hint


def test_python_versions(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not check_python().hint
    monkeypatch.setattr(sys, "version_info", (3, 9, 1))
    assert check_python().hint == "use 3.10 to 3.13"


def test_a_full_disk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr("shutil.disk_usage", lambda folder: usage(10, 10, 2**29))
    assert "0.5 GiB free" in check_disk(tmp_path).detail
    assert check_disk(tmp_path).hint


def test_espeak_speaks() -> None:
    assert "həlˈoʊ" in check_espeak().detail


def test_a_missing_module_has_a_hint(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hiervox.utils.device.may_have_gpu", lambda: False)
    assert module.check_device().detail == "cpu"
    monkeypatch.setattr("hiervox.utils.device.may_have_gpu", lambda: True)
    monkeypatch.setitem(sys.modules, "torch", None)
    check = module._guarded("device", module.check_device)
    assert "torch" in check.detail and check.hint == module.INSTALL


@pytest.mark.parametrize(("offline", "reachable"), [(True, False), (False, False), (False, True)])
def test_the_hub_is_never_needed(monkeypatch: pytest.MonkeyPatch, offline: bool, reachable: bool) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", offline)
    monkeypatch.setattr("hiervox.processors.semantic.hub.hub_reachable", lambda: reachable)
    check = check_hub()
    assert not check.needed
    assert bool(check.hint) is not reachable

"""Violations planted in a new task's folder are caught by the import contracts."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

FOLDERS = ("bins", "evaluation", "models", "modules", "processors", "utils")
CARD = "from hiervox.models.base.card import SystemCard\n"
NEW = "models/newtask"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """The package as a folder of links, with a new task of two systems; files of it can be replaced."""
    pytest.importorskip("importlinter")
    for folder in FOLDERS:
        for source in (REPOSITORY / folder).rglob("*.py"):
            target = tmp_path / "hiervox" / source.relative_to(REPOSITORY)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.symlink_to(source)
    for source in (REPOSITORY / "bins" / "package").glob("*.py"):
        (tmp_path / "hiervox" / source.name).symlink_to(source)
    shutil.rmtree(tmp_path / "hiervox" / "bins" / "package")
    for system in ("one", "two"):
        plant(tmp_path, f"{NEW}/{system}/__init__.py", CARD)
        plant(tmp_path, f"{NEW}/{system}/network.py", "")
    plant(tmp_path, f"{NEW}/__init__.py", "")
    plant(tmp_path, f"{NEW}/shared/__init__.py", "")
    return tmp_path


def plant(tree: Path, file: str, line: str) -> None:
    path = tree / "hiervox" / file
    path.parent.mkdir(parents=True, exist_ok=True)
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    path.unlink(missing_ok=True)
    path.write_text(f"{before}{line}\n", encoding="utf-8")


def lint(tree: Path) -> tuple[int, str]:
    check = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
    environment = {**os.environ, "PYTHONPATH": f"{tree}:{REPOSITORY}"}
    done = subprocess.run(
        [sys.executable, "-c", check], cwd=REPOSITORY, env=environment, capture_output=True, text=True
    )
    return done.returncode, done.stdout


def test_violations_in_a_new_task_are_caught(tree: Path) -> None:
    plant(tree, f"{NEW}/one/network.py", "import hiervox.models.newtask.shared")  # which is allowed
    plant(tree, f"{NEW}/one/replacements.py", "import hiervox.modules.kernels.rules")  # likewise
    code, printed = lint(tree)
    assert code == 0, printed
    planted = {
        f"{NEW}/one/network.py": "hiervox.models.newtask.two.network",
        f"{NEW}/shared/__init__.py": "hiervox.models.newtask.one.network",
        "models/base/card.py": "hiervox.models.newtask.shared",
        "bins/tables.py": "hiervox.models.newtask.two",
        "evaluation/table.py": "hiervox.models.newtask.one",
        "modules/newkind.py": "hiervox.models.newtask",
        f"{NEW}/two/network.py": "hiervox.modules.kernels.prepare",
        "modules/convolutions/newblock.py": "hiervox.modules.kernels.packed",
        "models/base/config.py": "hiervox.modules.kernels.rules",
    }
    for file, module in planted.items():
        plant(tree, file, f"import {module}")
    code, printed = lint(tree)
    assert code == 1
    for file, module in planted.items():
        importer = f"hiervox.{file.removesuffix('.py').removesuffix('/__init__').replace('/', '.')}"
        assert any(importer in line and module in line for line in printed.splitlines()), (importer, printed)

"""An installed package for a while: what pip leaves of one, without asking a package index."""

from __future__ import annotations

import importlib
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from hiervox.bins.plugins import registries


def write_package(
    folder: Path, name: str, points: Mapping[str, Mapping[str, str]], files: Mapping[str, str]
) -> None:
    """Write a package's files and its entry points.

    Args:
        folder: the one that is on the path.
        name: of the distribution; its version is 0.1.
        points: group → name → `module:attribute`.
        files: path in `folder` → text.
    """
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    lines = [
        line
        for group, named in points.items()
        for line in (f"[{group}]", *(f"{key} = {target}" for key, target in named.items()), "")
    ]
    info = folder / f"{name.replace('-', '_')}-0.1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 0.1\n")
    (info / "entry_points.txt").write_text("\n".join(lines))


@contextmanager
def installed(
    folder: Path, name: str, points: Mapping[str, Mapping[str, str]], files: Mapping[str, str]
) -> Iterator[None]:
    """A package that is installed in this process, and found by every registry; see `write_package`."""
    write_package(folder, name, points, files)
    with on_path(folder):
        yield


@contextmanager
def on_path(folder: Path) -> Iterator[None]:
    """What is installed in a folder is found by every registry."""
    modules = set(sys.modules)
    sys.path.insert(0, str(folder))
    _forget()
    try:
        yield
    finally:
        sys.path.remove(str(folder))
        for module in set(sys.modules) - modules:
            place = getattr(sys.modules[module], "__file__", None)
            if place and Path(place).is_relative_to(folder):
                del sys.modules[module]
        _forget()


def _forget() -> None:
    """Every registry looks again at its next use."""
    importlib.invalidate_caches()
    for registry in registries():
        registry.forget()


def pip_install(folder: Path, site: Path) -> None:
    """Let pip build a package and put it into a folder; no index is asked.

    Args:
        folder: with its pyproject.toml.
        site: where its modules and entry points go.
    """
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--no-index"]
    options = ["--no-deps", "--no-build-isolation", "--target", str(site), str(folder)]
    done = subprocess.run([*command, *options], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr

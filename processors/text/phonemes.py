"""espeak-ng through phonemizer, found without a system package and loaded at first use."""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from hiervox.utils.errors import ConfigError, DependencyError
from hiervox.utils.litter import temporary_folder
from hiervox.utils.registry import nearest

if TYPE_CHECKING:
    from phonemizer.backend import EspeakBackend

LIBRARY_VARIABLE = "PHONEMIZER_ESPEAK_LIBRARY"  # phonemizer's own way of naming a library
LONGEST_DATA_PATH = 150
"""espeak-ng cuts a longer data path at 160 bytes, finds no data there, and ends the process."""

_espeak_lock = Lock()  # the library keeps its state in globals


def phonemize(text: str, language: str) -> str:
    """IPA of one cleaned text, with stress marks and the text's punctuation.

    Args:
        text: any length, one utterance.
        language: espeak's code, such as `en-us` or `de`.

    Raises:
        DependencyError: phonemizer or espeak-ng is not there.
        ConfigError: espeak has no such language.
    """
    with _espeak_lock, _copies_in_own_folder():
        # one utterance a call: phonemizer leaves out empty lines, so that a batch could come back shifted
        return " ".join(_backend(language).phonemize([text], strip=True))


@lru_cache(maxsize=1)  # phonemizer loads the library again to say it, and never lets it go
def espeak_version() -> str:
    """Such as `1.52.0`.

    Raises:
        DependencyError: phonemizer or espeak-ng is not there.
    """
    with _espeak_lock, _copies_in_own_folder():
        return ".".join(str(number) for number in _espeak_class().version())


@contextmanager
def _copies_in_own_folder() -> Iterator[None]:
    """phonemizer copies the library into the system's temporary folder, and a killed process leaves it there.

    In a folder that carries this process's name, the next one can tell that, and removes it.
    """
    before = tempfile.tempdir
    tempfile.tempdir = str(_own_folder())
    try:
        yield
    finally:
        tempfile.tempdir = before


@lru_cache(maxsize=1)
def _own_folder() -> Path:
    folder = temporary_folder()
    # finalizers run in reverse order, so that this comes after phonemizer's own, which fail without a folder
    weakref.finalize(_backend, shutil.rmtree, folder, ignore_errors=True)
    return folder


@lru_cache
def _backend(language: str) -> EspeakBackend:
    espeak = _espeak_class()
    languages = espeak.supported_languages()
    if language not in languages:
        raise ConfigError(f"espeak has no language {language!r}", nearest(language, languages))
    quiet = logging.getLogger("hiervox.phonemizer")
    quiet.setLevel(logging.ERROR)
    # marks of language switches, such as "(en)", are no sound
    return espeak(
        language, preserve_punctuation=True, with_stress=True, language_switch="remove-flags", logger=quiet
    )


@lru_cache(maxsize=1)
def _espeak_class() -> type[EspeakBackend]:
    try:
        from phonemizer.backend import EspeakBackend
        from phonemizer.backend.espeak.wrapper import EspeakWrapper
    except ImportError as error:
        raise DependencyError(
            "phonemizer is not installed", "pip install phonemizer espeakng-loader"
        ) from error
    if LIBRARY_VARIABLE not in os.environ:
        _use_wheel(EspeakWrapper)
    if not _available(EspeakBackend):
        if LIBRARY_VARIABLE in os.environ:
            raise DependencyError(
                f"{LIBRARY_VARIABLE} is {os.environ[LIBRARY_VARIABLE]!r}, which is not espeak-ng's library",
                "correct it, or unset it",
            )
        raise DependencyError("espeak-ng is not installed", "pip install espeakng-loader")
    return EspeakBackend


def _available(backend: type[EspeakBackend]) -> bool:
    try:
        return bool(backend.is_available())
    except (RuntimeError, OSError):  # a library that is none
        return False


def _use_wheel(wrapper: type) -> None:
    """Use the library of the espeakng-loader wheel; a system library is found by phonemizer itself."""
    try:
        import espeakng_loader
    except ImportError:
        return
    data = Path(espeakng_loader.get_data_path()).resolve()
    if len(os.fsencode(data)) > LONGEST_DATA_PATH:
        raise DependencyError(f"the path {data} is too long for espeak-ng", "install to a shorter path")
    wrapper.set_library(espeakng_loader.get_library_path())  # type: ignore[attr-defined]
    wrapper.set_data_path(str(data))  # type: ignore[attr-defined]

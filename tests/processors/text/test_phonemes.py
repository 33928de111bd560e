from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from hiervox.processors.text import phonemes
from hiervox.utils.errors import ConfigError, DependencyError
from tests.conftest import REPOSITORY


@pytest.fixture
def fresh_backends() -> Iterator[None]:
    """Forget loaded backends before and after, for tests that change what is installed."""
    for cached in (phonemes._backend, phonemes._espeak_class):
        cached.cache_clear()
    yield
    for cached in (phonemes._backend, phonemes._espeak_class):
        cached.cache_clear()


def test_languages_are_kept_apart() -> None:
    assert phonemes.phonemize("Hello world.", "en-us") == "həlˈoʊ wˈɜːld."
    assert phonemes.phonemize("Guten Tag.", "de") == "ɡˈuːtən tˈɑːk."
    assert phonemes.phonemize("Hello world.", "en-us") == "həlˈoʊ wˈɜːld."


def test_foreign_words_carry_no_language_marks() -> None:
    assert "(" not in phonemes.phonemize("ein Weekend", "de")


def test_unknown_language_names_the_nearest() -> None:
    with pytest.raises(ConfigError, match="en-us"):
        phonemes.phonemize("hello", "en-uz")


def test_version_is_that_of_the_library_which_is_loaded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    assert phonemes.espeak_version().count(".") == 2
    monkeypatch.setattr(phonemes, "_espeak_class", None)  # each time it was loaded again and kept
    assert phonemes.espeak_version().count(".") == 2


def test_without_phonemizer(monkeypatch: pytest.MonkeyPatch, fresh_backends: None) -> None:
    monkeypatch.setitem(sys.modules, "phonemizer.backend", None)
    with pytest.raises(DependencyError, match="pip install phonemizer"):
        phonemes.phonemize("hello", "en-us")


def test_without_espeak(monkeypatch: pytest.MonkeyPatch, fresh_backends: None) -> None:
    from phonemizer.backend import EspeakBackend

    monkeypatch.setitem(sys.modules, "espeakng_loader", None)
    monkeypatch.setattr(EspeakBackend, "is_available", classmethod(lambda cls: False))
    with pytest.raises(DependencyError, match="pip install espeakng-loader"):
        phonemes.phonemize("hello", "en-us")


def test_importing_the_front_end_loads_neither_phonemizer_nor_torch() -> None:
    heavy = "{'phonemizer', 'espeakng_loader', 'torch'}"
    code = f"import sys, hiervox.processors.text; assert not {heavy} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=REPOSITORY)


def test_a_data_path_too_long_for_espeak(
    monkeypatch: pytest.MonkeyPatch, fresh_backends: None, tmp_path: Path
) -> None:
    import espeakng_loader

    long = tmp_path / ("x" * 150) / "espeak-ng-data"  # espeak itself would end the process
    long.mkdir(parents=True)
    monkeypatch.setattr(espeakng_loader, "get_data_path", lambda: str(long))
    with pytest.raises(DependencyError, match="too long for espeak-ng"):
        phonemes.phonemize("hello", "en-us")


@pytest.mark.parametrize("library", ["/nowhere/libespeak.so", "/etc/passwd", "/usr/lib"])
def test_a_wrong_library_is_named(library: str) -> None:
    script = (
        "from hiervox.processors.text.phonemes import phonemize\n"
        "from hiervox.utils.errors import DependencyError\n"
        "try:\n    phonemize('hello', 'en-us')\n"
        "except DependencyError as error:\n    print(error)\n"
    )
    environment = {**os.environ, "PHONEMIZER_ESPEAK_LIBRARY": library}
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith(
        f"PHONEMIZER_ESPEAK_LIBRARY is '{library}', which is not espeak-ng's library"
    )


def test_copies_of_the_library_are_removed_at_exit_and_after_a_kill(tmp_path: Path) -> None:
    phonemize = "from hiervox.processors.text.phonemes import phonemize; phonemize('hello', 'en-us')"
    environment = {**os.environ, "TMPDIR": str(tmp_path)}

    def left(script: str) -> list[Path]:
        subprocess.run([sys.executable, "-c", script], env=environment, check=False)
        return list(tmp_path.glob("**/lib*"))

    assert left(f"{phonemize}; import os; os.kill(os.getpid(), 9)")
    assert left(phonemize) == []
    assert list(tmp_path.iterdir()) == []

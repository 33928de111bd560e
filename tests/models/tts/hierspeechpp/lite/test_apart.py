"""The published system and its options stay apart."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import hiervox.models.tts.hierspeechpp
from hiervox.models.tts._hierarchy.config import SynthesizerExperiment
from hiervox.models.tts.hierspeechpp.lite.config import LiteSynthesizerExperiment
from hiervox.models.tts.hierspeechpp.lite.ttv_config import LiteTextToVecExperiment
from hiervox.models.tts.hierspeechpp.ttv_config import TextToVecExperiment
from hiervox.utils.config import Config

SYSTEM = Path(hiervox.models.tts.hierspeechpp.__file__).parent
SECTIONS = ("model", "loss")
PUBLISHED_TOO = {"generator", "duration"}
"""Sections of the published configs of which Lite has other kinds."""


def published_files() -> list[Path]:
    return [path for path in sorted(SYSTEM.rglob("*.py")) if "lite" not in path.relative_to(SYSTEM).parts]


def options() -> Iterator[str]:
    """Keys that only Lite's configs have."""
    for published, lite in (
        (SynthesizerExperiment, LiteSynthesizerExperiment),
        (TextToVecExperiment, LiteTextToVecExperiment),
    ):
        yield from lite.model_fields.keys() - published.model_fields.keys()
        for name in SECTIONS:
            of_published, of_lite = (schema.model_fields[name].annotation for schema in (published, lite))
            assert of_published is not None and issubclass(of_published, Config)
            assert of_lite is not None and issubclass(of_lite, of_published)
            yield from of_lite.model_fields.keys() - of_published.model_fields.keys()


def test_only_the_card_names_lite() -> None:
    importing = {
        path.relative_to(SYSTEM).as_posix()
        for path in published_files()
        if ".lite" in path.read_text(encoding="utf-8")
    }
    assert importing == {"__init__.py"}


def test_the_published_part_reads_no_option() -> None:
    names = set(options()) - {"semantic", "speaker"}  # which mean vectors, and a voice by name, there
    assert len(names) > 15
    for path in published_files():
        read = {
            node.attr
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.Attribute)
        }
        assert not read & names, path


def test_the_published_part_stays_short() -> None:
    assert sum(len(path.read_text(encoding="utf-8").splitlines()) for path in published_files()) < 3950

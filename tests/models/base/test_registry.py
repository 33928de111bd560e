from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import pytest

from hiervox.models.base.registry import SYSTEMS, get_part
from hiervox.models.base.training.experiment import build_task
from hiervox.utils.errors import ConfigError
from hiervox.utils.registry import resolve
from tests.conftest import REPOSITORY
from tests.models.base.toy import CARD, toy_experiment
from tests.own import own_systems


def test_every_dotted_name_of_every_card_resolves() -> None:
    assert {"hierspeechpp", "speechsr"} <= set(SYSTEMS)
    for card in own_systems().values():
        names = [
            *(card.pipeline, card.controls, card.workloads, card.pretrained),
            *(name for part in card.parts for name in vars(part).values() if ":" in str(name)),
        ]
        for name in names:
            assert name is None or callable(resolve(name)) or isinstance(resolve(name), tuple)
        assert card.replacements is None or import_module(card.replacements)


def test_a_misspelt_name_gets_the_nearest() -> None:
    with pytest.raises(ConfigError, match="did you mean 'hierspeechpp'"):
        get_part("hierspeechp", "synthesizer")
    with pytest.raises(ConfigError, match="did you mean 'synthesizer'"):
        get_part("hierspeechpp", "syntesizer")


def test_cards_and_the_list_of_systems_load_nothing_heavy() -> None:
    code = """
import sys, time
begun = time.perf_counter()
import hiervox.models.base.registry
loaded = set(sys.modules)
for init in %r:
    begun = time.perf_counter()
    __import__(init)
    assert time.perf_counter() - begun < 0.1, init
from typer.testing import CliRunner
from hiervox.bins.app import app
result = CliRunner().invoke(app, ["systems"])
assert result.exit_code == 0, result.output
heavy = {"torch", "numpy", "transformers", "lhotse", "librosa"} & set(sys.modules)
assert not heavy, heavy
print(result.output)
"""
    modules = [
        ".".join(init.parent.relative_to(REPOSITORY).parts)
        for init in sorted((REPOSITORY / "models").glob("*/*/__init__.py"))
        if init.parent.parent.name != "base"
    ]
    assert len(modules) >= 2
    done = subprocess.run(
        [sys.executable, "-c", code % (modules,)], cwd=REPOSITORY, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert re.search(r"hierspeechpp +tts", done.stdout) and "text_to_vec, synthesizer" in done.stdout


def test_systems_takes_less_than_a_second_of_the_processor() -> None:
    seconds = []
    for _ in range(3):
        begun = _children_seconds()
        subprocess.run(
            [sys.executable, "-m", "hiervox.bins.app", "systems"],
            cwd=REPOSITORY,
            check=True,
            capture_output=True,
        )
        seconds.append(_children_seconds() - begun)
    assert min(seconds) < 1.0


def _children_seconds() -> float:
    used = os.times()
    return used.children_user + used.children_system


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (
            {"network": "tests.models.base.toy:ToyGenerater"},
            "card of toy names .*:ToyGenerater as network of part toy, but .* did you mean",
        ),
        (
            {"pipeline": "tests.models.base.toys:Pipeline"},
            "card of toy names .*:Pipeline as pipeline",
        ),
    ],
)
def test_what_a_card_misspells_is_told_before_training(
    changed: dict[str, str], message: str, tmp_path: Path
) -> None:
    part = replace(CARD.parts[0], **{key: value for key, value in changed.items() if key == "network"})
    card = replace(CARD, parts=(part,), pipeline=changed.get("pipeline"))
    SYSTEMS.forget()
    SYSTEMS.add(card)
    try:
        with pytest.raises(ConfigError, match=message):
            build_task(toy_experiment(tmp_path))
    finally:
        SYSTEMS.forget()

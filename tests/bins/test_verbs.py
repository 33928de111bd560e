"""Verbs of installed packages: found, listed, run, and left out where they are broken."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from hiervox.bins.verbs import GENERATION, PANELS, VERBS, Verb, panel_names, verb_names
from tests.command_line import mistake, run
from tests.plugins import installed

VERB = """
import typer
from hiervox.bins.verbs import Verb
from hiervox.utils.errors import ConfigError

def count(number: int) -> None:
    '''Count up.

    Further words.
    '''
    if number < 0:
        raise ConfigError(f"can't count to {number}", "give a number over 0")
    typer.echo(" ".join(map(str, range(1, number + 1))))

group = typer.Typer(help="Two of them.")
group.command()(count)
group.command("again")(count)

COUNT = Verb("count", count)
GROUP = Verb("group", group, panel="Counting")
TAKEN = Verb("tts", count)

def strange(what: "Missing") -> None:
    '''What typer does not know.'''

STRANGE = Verb("strange", strange)
"""
POINTS = {
    "hiervox.verbs": {
        "count": "counting:COUNT",
        "group": "counting:GROUP",
        "tts": "counting:TAKEN",
        "strange": "counting:STRANGE",
        "gone": "counting.gone:VERB",
        "function": "counting:count",
    }
}


@pytest.fixture
def counting(tmp_path: Path) -> Iterator[Path]:
    with installed(tmp_path, "counting-verbs", POINTS, {"counting/__init__.py": VERB}):
        yield tmp_path


def test_every_verb_of_the_tree_says_its_place() -> None:
    assert {VERBS[name].panel for name in verb_names()} == set(PANELS)
    assert list(panel_names()) == list(PANELS)
    assert verb_names()[0] == "prepare" and VERBS[verb_names()[-1]].panel == PANELS[-1]
    assert all(VERBS[name].summary for name in VERBS)
    for panel in PANELS:
        ranks = [verb.rank for verb in VERBS.values() if verb.panel == panel]
        assert len(set(ranks)) == len(ranks)


def test_a_package_s_verbs_run_and_are_listed(counting: Path) -> None:
    assert run("count", "3") == "1 2 3\n"
    assert run("group", "again", "2") == "1 2\n"
    listed = run("--help")
    assert listed.index("Counting:") > listed.index(f"{PANELS[-1]}:") > listed.index(f"{GENERATION}:")
    assert "Count up. (counting-verbs 0.1)" in listed and "Further words" not in listed
    assert "Further words" in run("count", "--help")
    assert mistake("count", "--", "-1") == "can't count to -1: give a number over 0"


def test_what_is_broken_says_why_and_breaks_nothing_else(counting: Path) -> None:
    assert "No module named 'counting.gone'" in " ".join(run("--help").split("Left out:")[1].split())
    assert "--voice" in run("tts", "--help")
    assert mistake("gone").startswith("no verb 'gone': counting-verbs 0.1 brings it, but ModuleNotFound")
    assert "counting:count is not a verb" in mistake("function")
    assert "two verbs are called 'tts'" in VERBS.left_out["tts"].reason
    assert mistake("strange").startswith("typer can't make a command of verb 'strange' (NameError")
    assert mistake("strange").endswith("correct counting-verbs 0.1")


def test_a_misspelt_verb_gets_the_nearest(counting: Path) -> None:
    assert mistake("trian") == "no verb 'trian': did you mean 'train'?"
    assert mistake("cuont") == "no verb 'cuont': did you mean 'count'?"


@pytest.mark.parametrize(("begun", "word"), [("hiervox reci", "recipes"), ("hiervox voice l", "list")])
def test_a_shell_completes_verbs(begun: str, word: str) -> None:
    asked = {"_HIERVOX_COMPLETE": "complete_bash", "COMP_WORDS": begun, "COMP_CWORD": str(begun.count(" "))}
    done = subprocess.run(
        [sys.executable, "-c", "from hiervox.bins.app import main; main()"],
        env={**os.environ, **asked, "_TYPER_COMPLETE_ARGS": begun},
        capture_output=True,
        text=True,
    )
    assert done.stdout.split() == [word]


def test_a_verb_is_made_a_command_when_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    made, build = [], Verb.build

    def noted(verb: Verb) -> object:
        made.append(verb.name)
        return build(verb)

    monkeypatch.setattr(Verb, "build", noted)
    run("--help")
    run("prepare", "--help")
    assert made == ["prepare"]


def test_main_tells_it_in_one_line(counting: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "hiervox.bins.app", "gone"],
        env={"PYTHONPATH": str(counting), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 2
    assert done.stderr.startswith("hiervox: no verb 'gone': counting-verbs 0.1 brings it, but")
    assert done.stderr.count("\n") == 1 and not done.stdout

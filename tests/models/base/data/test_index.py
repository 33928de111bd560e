from __future__ import annotations

import gzip
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hiervox.models.base.data.index import open_index
from hiervox.models.base.data.manifest import manifest_file
from tests.models.base.data.corpora import make_manifest


def edited(source: Path, target: Path, change: Callable[[dict[str, Any]], None]) -> Path:
    """A manifest whose first cut is changed."""
    with gzip.open(manifest_file(source), "rt", encoding="utf-8") as lines:
        trees = [json.loads(line) for line in lines]
    change(trees[0])
    target.mkdir()
    with gzip.open(target / "cuts.jsonl.gz", "wt", encoding="utf-8") as out:
        out.writelines(json.dumps(tree) + "\n" for tree in trees)
    return target


def moved(tree: dict[str, Any]) -> None:
    tree["recording"]["sources"][0]["source"] = "/elsewhere/a.wav"


def said(tree: dict[str, Any]) -> None:
    tree["supervisions"][0]["text"] = "something else"


def spoken(tree: dict[str, Any]) -> None:
    tree["supervisions"][0]["speaker"] = "somebody else"


def cut(tree: dict[str, Any]) -> None:
    tree["duration"] /= 2
    tree["supervisions"][0]["duration"] = tree["duration"]


@pytest.mark.parametrize(("change", "same"), [(moved, True), (said, False), (spoken, False), (cut, False)])
def test_a_fingerprint_tells_other_cuts_but_not_other_places(
    tmp_path: Path, change: Callable[[dict[str, Any]], None], same: bool
) -> None:
    corpus = make_manifest(tmp_path, [0.6] * 3)
    fingerprint = open_index(corpus).fingerprint
    shutil.copytree(manifest_file(corpus).parent, tmp_path / "copy")
    found = open_index(edited(corpus, tmp_path / "changed", change)).fingerprint
    assert (found == fingerprint) == same

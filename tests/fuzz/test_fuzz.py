"""Every reader takes some changed files, one line or a value each; the command goes on with more."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from hiervox.utils.errors import HierVoxError
from tests.fuzz.mutation import mutate
from tests.fuzz.target import Target
from tests.fuzz.targets import MODELS, targets

TRIES = 25
NAMES = (
    *(f"audio {kind}" for kind in ("wav", "flac", "ogg", "mp3", "aiff")),
    *(
        "text",
        "ssml",
        "lexicon",
        "table csv",
        "table jsonl",
        "table to convert",
        "table to evaluate",
        "manifest",
        "packed manifest",
    ),
    *(
        "config",
        "published safetensors",
        "published torch",
    ),
    *(f"{file} of {name}" for name in ("speechsr", *MODELS) for file in ("config", "weights")),
    *("mel array", "mel", "codes", "codes of segments", "voice", "voice of VALL-E"),
    *("transcript of a prompt", "transcript of a recording", "pitch curve", "TextGrid", "CTM"),
    *(
        "key of a listening test",
        "answers of a listening test",
        "scores",
        "symbols",
        "features",
        "Kaldi segments",
    ),
)


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Target]:
    found = {target.name: target for target in targets(tmp_path_factory.mktemp("fuzz"))}
    assert set(found) == set(NAMES)
    return found


@pytest.mark.parametrize("name", NAMES)
def test_changed_files_are_read_or_refused_in_one_line(
    known: dict[str, Target], tmp_path: Path, name: str
) -> None:
    target, rng = known[name], random.Random(7)
    path = tmp_path / f"file{target.suffix}"
    for seed in target.seeds:
        path.write_bytes(seed)
        target.read(path)
    for _ in range(TRIES):
        path.write_bytes(target.content(rng))
        try:
            target.read(path)
        except HierVoxError as error:
            assert "\n" not in str(error) and len(str(error)) < 2000


def test_changes_depend_on_the_seed_alone() -> None:
    seeds = (b"one file", b"another file")
    first, again = (
        [mutate(seeds[0], rng, seeds) for _ in range(50)] for rng in (random.Random(1), random.Random(1))
    )
    assert first == again and len(set(first)) > 40

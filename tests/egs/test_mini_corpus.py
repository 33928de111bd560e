from __future__ import annotations

import csv
import re
from collections import Counter
from pathlib import Path

import pytest
import soundfile

from hiervox.processors.audio import read_audio, rms_dbfs
from tests.conftest import REPOSITORY

CORPUS = REPOSITORY / "egs" / "datasets" / "mini"


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture(scope="module")
def train() -> list[dict[str, str]]:
    return rows_of(CORPUS / "table.csv")


@pytest.fixture(scope="module")
def test() -> list[dict[str, str]]:
    return rows_of(CORPUS / "test.csv")


def test_it_stays_small() -> None:
    assert sum(file.stat().st_size for file in CORPUS.rglob("*") if file.is_file()) <= 12_000_000


def test_every_row_has_its_file_and_every_file_its_row(train: list, test: list) -> None:
    named = Counter(row["audio"] for row in train + test)
    assert max(named.values()) == 1
    there = {str(file.relative_to(CORPUS)) for file in (CORPUS / "audio").rglob("*") if file.is_file()}
    assert set(named) == there
    for row in train + test:
        assert row["text"].strip() and row["language"] == "en-us"
        assert Path(row["audio"]).parent.name == row["speaker"]


def test_every_recording_is_sound(train: list, test: list) -> None:
    for row in train + test:
        wav, rate = read_audio(CORPUS / row["audio"], min_seconds=2.0)
        assert rate == 24000
        assert len(wav) <= 8 * rate
        assert -40 < rms_dbfs(wav) < -10


def test_training_is_balanced_over_voices(train: list) -> None:
    counts = Counter(row["speaker"] for row in train)
    assert 30 <= len(counts) <= 40
    assert min(counts.values()) >= 6


def test_what_is_held_out_is_held_out(train: list, test: list) -> None:
    assert not {row["text"] for row in train} & {row["text"] for row in test}
    voices = {row["speaker"] for row in train}
    unseen = {row["speaker"] for row in test} - voices
    assert len(unseen) == 4
    assert not [voice for voice in voices if any(name in voice for name in unseen)]


def test_the_card_has_the_right_counts(train: list, test: list) -> None:
    card = (CORPUS / "DATA_CARD.md").read_text(encoding="utf-8")
    for name, rows in (("table.csv", train), ("test.csv", test)):
        line = next(line for line in card.splitlines() if f"`{name}`" in line)
        seconds = sum(soundfile.info(CORPUS / row["audio"]).duration for row in rows)
        figures = re.search(r"(\d+) utterances.*?(\d+) voices.*?([\d.]+) min", line)
        assert figures is not None
        assert int(figures[1]) == len(rows)
        assert int(figures[2]) == len({row["speaker"] for row in rows})
        assert float(figures[3]) == pytest.approx(seconds / 60, abs=0.06)


@pytest.mark.parametrize(("name", "spoken"), [("test_list.csv", "reference"), ("vc_list.csv", "source")])
def test_the_test_lists_use_only_what_is_held_out(test: list, name: str, spoken: str) -> None:
    conf = CORPUS
    by_path = {(CORPUS / row["audio"]).resolve(): row for row in test}
    rows = rows_of(conf / name)
    assert len(rows) == {"test_list.csv": 6, "vc_list.csv": 3}[name]
    for row in rows:
        said, voice = by_path[(conf / row[spoken]).resolve()], by_path[(conf / row["prompt"]).resolve()]
        assert said["text"] == row["text"]
        assert said["audio"] != voice["audio"]
        assert (said["speaker"] == voice["speaker"]) == (spoken == "reference")

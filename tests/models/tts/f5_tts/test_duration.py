"""Tests of `hiervox.models.tts.f5_tts.duration` and `reading` with what the published code says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hiervox.models.tts.f5_tts.duration import cut_text, frames_to_fill, largest_size
from hiervox.models.tts.f5_tts.reading import closed, spaced

HOP_LENGTH = 256


@pytest.fixture(scope="module")
def golden(shared: Path) -> dict[str, Any]:
    path = shared / "parity" / "official" / "f5_tts_text.json"
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return document


def test_texts_last_as_long_as_published(golden: dict[str, Any]) -> None:
    assert golden["duration"]
    for case in golden["duration"]:
        prompt = spaced(case["reference_text"])
        frames = case["reference_samples"] // HOP_LENGTH
        sizes = (len(text.encode()) for text in (prompt, case["text"]))
        filled = frames_to_fill(frames, *sizes, case["speed"])
        assert (filled, frames + filled) == (case["frames_new"], case["frames_in_all"])


def test_texts_are_cut_as_published(golden: dict[str, Any]) -> None:
    assert golden["pieces"]
    for case in golden["pieces"]:
        assert cut_text(case["text"], case["limit"]) == case["pieces"]


def test_phonemes_are_cut_by_their_number() -> None:
    assert cut_text("həlˈoʊ, ðˈɛɹ.", 8, in_bytes=False) == ["həlˈoʊ,", "ðˈɛɹ."]
    assert cut_text("həlˈoʊ, ðˈɛɹ.", 20, in_bytes=False) == ["həlˈoʊ, ðˈɛɹ."]


@pytest.mark.parametrize(
    ("text", "ends"), [("Yes", "Yes.  "), ("Yes.", "Yes.  "), ("Yes. ", "Yes.  "), ("好。", "好。")]
)
def test_what_a_prompt_says_ends_in_a_full_stop(text: str, ends: str) -> None:
    assert closed(text) == ends


def test_a_prompt_leaves_room_for_less_the_longer_it_is() -> None:
    assert largest_size(4.0, 60, 1.0) == 270
    assert largest_size(11.0, 165, 1.0) == 165 == largest_size(11.0, 165, 2.0) // 2

"""Tests of `hiervox.processors.text.characters`, with what the published code says."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from hiervox.processors.text.characters import CharacterTable, written_symbols
from hiervox.utils.errors import DependencyError

CHINESE = "你好"


@pytest.fixture(scope="module")
def golden(shared: Path) -> list[dict[str, Any]]:
    path = shared / "parity" / "official" / "f5_tts_text.json"
    texts: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["text"]
    return texts


def _is_chinese(text: str) -> bool:
    return any("\u3100" <= character <= "\u9fff" for character in text)


def test_latin_texts_have_the_published_symbols_without_packages(
    golden: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    for package in ("rjieba", "pypinyin"):
        monkeypatch.setitem(sys.modules, package, None)
    cases = [case for case in golden if not _is_chinese(case["text"])]
    assert len(cases) > 2
    for case in cases:
        assert written_symbols(case["text"]) == case["tokens"]
    with pytest.raises(DependencyError, match="Chinese needs pypinyin and rjieba"):
        written_symbols(CHINESE)


def test_chinese_is_pinyin(golden: list[dict[str, Any]]) -> None:
    pytest.importorskip("rjieba")
    pytest.importorskip("pypinyin")
    cases = [case for case in golden if _is_chinese(case["text"])]
    assert len(cases) > 2
    for case in cases:
        assert written_symbols(case["text"]) == case["tokens"]


def test_rows_begin_behind_the_filler_and_unknown_symbols_are_spaces() -> None:
    table = CharacterTable(symbols=(" ", "a", "ni2", "_"))
    assert table.rows == {" ": 1, "a": 2, "ni2": 3, "_": 4}
    assert table.look_up("a?_") == [2, 1, 4]
    assert table.characters == ("_", " ", "a", "\ue003", "\ue004")
    assert CharacterTable.model_validate({"symbols": " ab"}).symbols == (" ", "a", "b")


@pytest.mark.parametrize(
    ("symbols", "message"),
    [(("a", "a", " "), "'a' stands twice"), (("a",), "the space is not"), ((" ", ""), "a symbol is empty")],
)
def test_tables_of_no_use_are_refused(symbols: tuple[str, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        CharacterTable(symbols=symbols)

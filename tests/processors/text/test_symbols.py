from __future__ import annotations

import json
from pathlib import Path

from hiervox.processors.text.symbols import SILENT, SYMBOLS, intersperse, symbol_ids


def test_symbols_are_the_published_ones(shared: Path) -> None:
    golden = json.loads((shared / "parity/official/text.json").read_text(encoding="utf-8"))
    assert list(SYMBOLS) == golden["symbols"]


def test_a_symbol_that_stands_twice_has_its_last_id() -> None:
    assert len(SYMBOLS) == 178
    assert SYMBOLS.count("'") == 2
    assert symbol_ids(SYMBOLS)["'"] == 176
    assert symbol_ids(SYMBOLS)["ᵻ"] == 177


def test_intersperse_puts_blanks_around_every_token() -> None:
    assert intersperse([5, 7]) == [0, 5, 0, 7, 0]
    assert intersperse([]) == [0]
    assert intersperse([5], blank=9) == [9, 5, 9]


def test_no_letter_counts_as_silent() -> None:
    assert not any(symbol.isalpha() and symbol.islower() and symbol.isascii() for symbol in SILENT)
    assert set(SYMBOLS) >= SILENT

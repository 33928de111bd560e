from __future__ import annotations

from pathlib import Path

import pytest

from hiervox.processors.text.lexicon import Lexicon, read_lexicon
from hiervox.processors.text.symbols import SYMBOLS
from hiervox.utils.errors import TextError


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_words_match_whole_and_in_any_case() -> None:
    lexicon = Lexicon({"Nguyen": "wˈɪn", "New York": "nˈuːjˈɔɹk", "york": "jˈɔɹk"})
    assert lexicon.split("Mr NGUYEN of new york") == ["Mr ", "wˈɪn", " of ", "nˈuːjˈɔɹk", ""]
    assert lexicon.split("Nguyens") == ["Nguyens"]


def test_apostrophes_inside_and_around_a_word() -> None:
    lexicon = Lexicon({"ann": "ˈæn"})
    assert lexicon.split("'Ann'") == ["'", "ˈæn", "'"]
    assert lexicon.split("Ann’s") == ["Ann's"]


def test_letters_whose_case_is_not_one_to_one() -> None:
    lexicon = Lexicon({"straße": "ʃtɹˈasə", "izmir": "ˈizmiɹ"})
    assert lexicon.split("STRASSE straße İzmir") == ["STRASSE ", "ʃtɹˈasə", " ", "ˈizmiɹ", ""]


def test_an_empty_lexicon_leaves_the_text() -> None:
    assert Lexicon({}).split("a b") == ["a b"]


def test_reads_words_and_skips_comments(tmp_path: Path) -> None:
    path = write(tmp_path / "words.tsv", "\ufeff# names\n\nNguyen\twˈɪn\n")
    assert read_lexicon(path, SYMBOLS).split("Nguyen") == ["", "wˈɪn", ""]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("Nguyen wˈɪn", "line 2 .* word<TAB>IPA"),
        ("Nguyen\twˈɪn\textra", "line 2 .* word<TAB>IPA"),
        ("\twˈɪn", "line 2 .* word<TAB>IPA"),
        ("Nguyen\tw9n", "line 2 .* holds 9"),
        ("ANN\tˈæn", "line 2 .* second time"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, line: str, message: str) -> None:
    with pytest.raises(TextError, match=message):
        read_lexicon(write(tmp_path / "words.tsv", f"ann\tˈæn\n{line}\n"), SYMBOLS)


def test_missing_and_binary_files(tmp_path: Path) -> None:
    with pytest.raises(TextError, match="can't read the lexicon"):
        read_lexicon(tmp_path / "none.tsv", SYMBOLS)
    (tmp_path / "binary.tsv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(TextError, match="can't read the lexicon"):
        read_lexicon(tmp_path / "binary.tsv", SYMBOLS)

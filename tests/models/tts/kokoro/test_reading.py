"""Tests of `hiervox.models.tts.kokoro.reading`."""

from __future__ import annotations

import pytest

from hiervox.models.tts.kokoro.reading import LANGUAGES, KokoroReader, respelled, table_symbols
from hiervox.processors.text.config import TextConfig
from hiervox.utils.errors import ConfigError, TextError
from tests.models.tts.kokoro.tiny_kokoro import SIZES, VOCABULARY


def _reader() -> KokoroReader:
    symbols = table_symbols(VOCABULARY, SIZES["n_symbols"])
    return KokoroReader(TextConfig(languages=LANGUAGES, symbols=symbols))


@pytest.mark.parametrize(
    ("ipa", "language", "misaki"),
    [
        ("dʒˈʌdʒ ˈeɪt bˈɜːd", "en-us", "ʤˈʌʤ ˈAt bˈɜɹd"),
        ("bˈʌɾɚ ɡˈoʊ bˈɔɪ", "en-us", "bˈʌTəɹ ɡˈO bˈY"),
        ("ɡˈəʊ hˈeə fˈɑːðə", "en-gb", "ɡˈQ hˈɛː fˈɑːðə"),
        ("əlˈɑːɹm tˈeɪbəl", "en-us", "əlˈɑɹm tˈAbᵊl"),
        ("tʃˈiko bˈaɪle", "es", "ʧˈiko bˈIle"),
        ("ˈotto", "it", "ˈotto"),
        ("tsɨitatɕi wa kʷaɴdzeɴ", "ja", "ʦɨitaʨi βa kᵝaɴʣeɴ"),
        ("tɕʰy↘ ʈʂʰə↗ŋli↓, ˈeɪ tsau↓", "zh", "ʨʰy↘ ꭧʰə↗ŋli↓, ˈA ʦau↓"),
    ],
)
def test_ipa_becomes_misakis_phonemes(ipa: str, language: str, misaki: str) -> None:
    assert respelled(ipa, language) == misaki


def test_a_sequence_has_blanks_at_both_ends_and_only_rows_of_the_table() -> None:
    (sequence,) = _reader().read("Hello there!")
    assert sequence.tokens[0] == sequence.tokens[-1] == 0 and 0 not in sequence.tokens[1:-1]
    assert len(sequence.tokens) == len(sequence.phonemes) + 2 == len(sequence.rates) == len(sequence.silent)
    spoken = {row: symbol for symbol, row in VOCABULARY.items()}
    assert "".join(spoken[row] for row in sequence.tokens[1:-1]) == sequence.phonemes == "həlˈO ðˈɛɹ!"


def test_languages_are_read_by_their_own_rules_and_others_are_refused() -> None:
    reader = _reader()
    assert "Q" in reader.read("Go home.", "en-gb")[0].phonemes
    assert "O" in reader.read("Go home.")[0].phonemes
    with pytest.raises(ConfigError, match="not de"):
        reader.read("Hallo", "de")


@pytest.mark.parametrize(
    ("text", "language", "packages", "phonemes"),
    [
        ("新聞を読んでから。", "ja", ["pyopenjtalk"], "ɕimbɯɴ o jonde kaɾa."),
        ("我们明天去城里，好吗？", "zh", ["pypinyin", "rjieba"], "wo↓mən mi↗ŋtʰjɛ→n ʨʰy↘ ꭧʰə↗ŋli↓, xau↓ ma?"),
    ],
)
def test_japanese_and_mandarin_become_rows_of_the_table(
    text: str, language: str, packages: list[str], phonemes: str
) -> None:
    for package in packages:
        pytest.importorskip(package, reason=f'no wheel of it: pip install "hiervox[{language}]"')
    symbols = table_symbols({symbol: row for row, symbol in enumerate(sorted(set(phonemes)), 1)}, 60)
    (sequence,) = KokoroReader(TextConfig(languages=LANGUAGES, symbols=symbols)).read(text, language)
    assert sequence.phonemes == phonemes


def test_marks_stand_at_the_token_behind_them() -> None:
    (sequence,) = _reader().read('<speak>Hello <mark name="here"/>there.</speak>')
    ((name, token),) = sequence.marks
    (plain,) = _reader().read("Hello there.")
    assert name == "here" and sequence.tokens == plain.tokens and 1 < token < len(plain.tokens) - 1


def test_a_sentence_beyond_the_longest_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hiervox.models.tts.kokoro.reading.LONGEST", 5)
    with pytest.raises(TextError, match="11 phonemes, more than 5"):
        _reader().read("Hello there.")


def test_a_row_beyond_the_table_is_refused() -> None:
    with pytest.raises(KeyError, match="'b'"):
        table_symbols({"a": 1, "b": 9}, 5)

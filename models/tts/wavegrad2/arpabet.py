"""The published English phoneme table: letters, marks, ARPAbet with and without stress, silences."""

from __future__ import annotations

from collections.abc import Sequence

from hiervox.models.base.pipelines.token_sequence import TokenSequence
from hiervox.processors.text.symbols import PAD
from hiervox.utils.errors import TextError

VOWELS = ("AA", "AE", "AH", "AO", "AW", "AY", "EH", "ER", "EY", "IH", "IY", "OW", "OY", "UH", "UW")
CONSONANTS = (
    *("B", "CH", "D", "DH", "F", "G", "HH", "JH", "K", "L", "M", "N", "NG"),
    *("P", "R", "S", "SH", "T", "TH", "V", "W", "Y", "Z", "ZH"),
)
SILENCES = ("sp", "spn", "sil")
PHONES: tuple[str, ...] = (
    *sorted([*CONSONANTS, *(vowel + stress for vowel in VOWELS for stress in ("", "0", "1", "2"))]),
    *SILENCES,
)
"""In the order of the table's rows."""
FIRST_PHONE = 64
"""Row of the first of them, behind the blank, letters and marks."""
PRIVATE_USE = 0xE000
"""The first of the characters that stand for rows in a config, which no text front end writes."""


def phone_tokens(phones: Sequence[str]) -> list[int]:
    """Ids of phones, such as `HH AH0 L OW1`, and of silences, such as `sp`.

    Raises:
        TextError: one is not in the table.
    """
    for phone in phones:
        if phone not in PHONES:
            raise TextError(f"{phone!r} is not in ARPAbet", "write phones such as AH0, HH or sp")
    return [FIRST_PHONE + PHONES.index(phone) for phone in phones]


def phone_sequence(phones: Sequence[str], position: int = 0) -> TokenSequence:
    """A sentence of phones, as a pipeline's `tts` takes it in a list in place of a text.

    Args:
        phones: as for `phone_tokens`.
        position: of the sentence among others.

    Raises:
        TextError: one is not in the table, or there is none.
    """
    tokens, spelt = phone_tokens(phones), " ".join(phones)
    if not tokens:
        raise TextError("there is no phone to speak", "write some, such as HH AH0 L OW1")
    number = len(tokens)
    silent = [phone in SILENCES for phone in phones]
    return TokenSequence(
        spelt, position, None, spelt, tokens, silent, [1.0] * number, [0.0] * number, [1.0] * number
    )


def published_symbols(n_symbols: int) -> tuple[str, ...]:
    """One character for each row of a published table."""
    return (PAD, *(chr(PRIVATE_USE + row) for row in range(1, n_symbols)))


def is_published(symbols: Sequence[str]) -> bool:
    """Whether these are the characters of a published table, which texts can't be looked up in."""
    return tuple(symbols) == published_symbols(len(symbols))

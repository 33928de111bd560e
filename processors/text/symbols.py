"""The symbols of the published text-to-vec model, and their ids."""

from __future__ import annotations

from collections.abc import Sequence

PAD = "_"  # id 0: padding, and the blank between symbols
PUNCTUATION = ';:,.!?¡¿—…"«»“” '
LATIN = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
IPA = (
    "ɑɐɒæɓʙβɔɕçɗɖðʤəɘɚɛɜɝɞɟʄɡɠɢʛɦɧħɥʜɨɪʝɭɬɫɮʟɱɯɰŋɳɲɴøɵɸθœɶʘɹɺɾɻʀʁɽʂʃʈʧʉʊʋⱱʌɣɤʍχʎʏʑʐʒʔʡʕʢǀǁǂǃ"
    "ˈˌːˑʼʴʰʱʲʷˠˤ˞↓↑→↗↘'\u0329'ᵻ"
)
SYMBOLS: tuple[str, ...] = (PAD, *PUNCTUATION, *LATIN, *IPA)
"""178 entries, as published. The apostrophe stands twice; its id is that of the second place."""

SILENT = frozenset(PAD + PUNCTUATION + "ˈˌːˑʼʴʰʱʲʷˠˤ˞↓↑→↗↘'\u0329")
"""Symbols that are no sound by themselves: punctuation, stress, length, modifiers, tone arrows."""


def symbol_ids(symbols: Sequence[str]) -> dict[str, int]:
    """Symbol → id; a symbol that stands twice has its last place."""
    return {symbol: index for index, symbol in enumerate(symbols)}


def intersperse(tokens: Sequence[int], blank: int = 0) -> list[int]:
    """Put a blank before, between and after the tokens: L ids become 2 L + 1."""
    spaced = [blank] * (2 * len(tokens) + 1)
    spaced[1::2] = tokens
    return spaced

"""Which languages and symbols a text-to-vec model knows, and the front end that follows from them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

from pydantic import field_serializer, field_validator, model_validator

from hiervox.processors.text.frontend import TextFrontend
from hiervox.processors.text.symbols import PAD, SYMBOLS
from hiervox.utils.config import Config
from hiervox.utils.errors import ConfigError

ESPEAK_NAMES = {"en": "en-us", "English": "en-us", "fr": "fr-fr"}
"""Languages that tables and corpora name otherwise than espeak does."""


class TextConfig(Config):
    """What a text-to-vec model can read. The defaults are those of the published English model.

    Attributes:
        languages: by espeak's names; the model refuses any other. The first one is its default.
        symbols: one character each; a symbol's place is its row in the model's table, and the first is the
            blank. Config files hold them as one string.
        closing: the mark that is read, in inference, behind a text that ends in none; none as published. A
            model that has learnt from written sentences swallows the last sound of such a text.
    """

    languages: tuple[str, ...] = ("en-us",)
    symbols: tuple[str, ...] = SYMBOLS
    closing: Literal["", ".", ",", ";", ":", "!", "?", "…"] = ""

    @field_validator("languages", mode="after")
    @classmethod
    def _some_languages(cls, languages: tuple[str, ...]) -> tuple[str, ...]:
        named = tuple(espeak_name(language) for language in languages)
        if not named or len(set(named)) < len(named):
            raise ValueError('name each language once, and at least one, as in ["en-us", "de"]')
        return named

    def require_rows(self, rows: int) -> None:
        """Refuse a model whose table has too few rows.

        Raises:
            ValueError: it has.
        """
        if rows < len(self.symbols):
            raise ValueError(f"model.n_symbols must be {len(self.symbols)} or more, for text.symbols")

    @field_validator("symbols", mode="before")
    @classmethod
    def _from_string(cls, symbols: Any) -> Any:
        return tuple(symbols) if isinstance(symbols, str) else symbols

    @field_validator("symbols", mode="after")
    @classmethod
    def _usable_symbols(cls, symbols: tuple[str, ...]) -> tuple[str, ...]:
        if not symbols or symbols[0] != PAD:
            raise ValueError(f"the first symbol has to be {PAD!r}, the blank")
        odd = [symbol for symbol in symbols if len(symbol) != 1]
        if odd:
            raise ValueError(f"{odd[0]!r} is not one character")
        # a second place takes the id of the first one; the published table has one such pair
        counts = Counter(symbols)
        twice = [symbol for symbol, count in counts.items() if count > max(1, SYMBOLS.count(symbol))]
        if twice:
            raise ValueError(f"{twice[0]!r} stands {counts[twice[0]]} times")
        return symbols

    @model_validator(mode="after")
    def _closing_is_a_symbol(self) -> TextConfig:
        if self.closing and self.closing not in self.symbols:
            raise ValueError(f"closing is {self.closing!r}, which is none of text.symbols")
        return self

    @field_serializer("symbols")
    def _to_string(self, symbols: tuple[str, ...]) -> str:
        return "".join(symbols)


def espeak_name(language: str) -> str:
    """espeak's name of a language that tables may name otherwise: `en` is `en-us`."""
    return ESPEAK_NAMES.get(language, language)


def require_language(config: TextConfig, language: str, where: str = "the model") -> str:
    """espeak's name of a language that the model declares.

    Args:
        config: the model's.
        language: by any name that tables take.
        where: who speaks these languages, for the message.

    Raises:
        ConfigError: it does not declare it.
    """
    name = espeak_name(language)
    if name not in config.languages:
        raise ConfigError(
            f"{where} speaks {', '.join(config.languages)}, not {name}",
            "choose one of these, or fine-tune it on that language (docs/guides/finetune.md)",
        )
    return name


def build_frontend(
    config: TextConfig, language: str | None = None, lexicon: Path | None = None
) -> TextFrontend:
    """The front end of a model for one of its languages; None for its first one.

    Raises:
        ConfigError: the model does not declare the language.
        TextError: a lexicon that can't be used.
    """
    name = config.languages[0] if language is None else require_language(config, language)
    return TextFrontend(name, lexicon, config.symbols, config.closing)


def grown(symbols: tuple[str, ...], lacking: Iterable[str]) -> tuple[str, ...]:
    """A symbol table with new ones behind the old, in the order of their codes."""
    return (*symbols, *sorted(set(lacking) - set(symbols)))

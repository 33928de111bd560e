from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import ValidationError

from hiervox.processors.text import SYMBOLS, TextConfig, build_frontend
from hiervox.processors.text.config import grown, require_language
from hiervox.utils.errors import ConfigError


def test_the_default_is_the_published_model() -> None:
    config = TextConfig()
    assert (config.languages, config.symbols) == (("en-us",), SYMBOLS)
    assert build_frontend(config).tokens("həlˈoʊ") == build_frontend(config, "en").tokens("həlˈoʊ")


def test_symbols_go_through_json_as_one_string() -> None:
    config = TextConfig(languages=("en-us", "pt"), symbols=grown(SYMBOLS, {"\u0303", "ʩ"}))
    tree = json.loads(json.dumps(config.model_dump(mode="json"), ensure_ascii=False))
    assert isinstance(tree["symbols"], str)
    assert TextConfig.model_validate(tree) == config


def test_new_symbols_stand_behind_the_old_in_a_fixed_order() -> None:
    assert grown(("_", "a", "z"), ["z", "c", "b", "c"]) == ("_", "a", "z", "b", "c")


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"languages": ()}, "at least one"),
        ({"languages": ("en", "en-us")}, "once"),
        ({"symbols": "abc"}, "the blank"),
        ({"symbols": ["_", "ab"]}, "'ab' is not one character"),
        ({"symbols": "_aba"}, "'a' stands 2 times"),
        ({"symbols": (*SYMBOLS, "'")}, "stands 3 times"),
        ({"closing": "x"}, "closing"),
        ({"closing": ".", "symbols": "_ab"}, "none of text.symbols"),
    ],
)
def test_what_no_model_can_have_is_refused(keys: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        TextConfig(**keys)


def test_a_language_that_is_not_declared_is_refused() -> None:
    config = TextConfig(languages=("en-us", "de"))
    assert require_language(config, "en") == "en-us"
    with pytest.raises(ConfigError, match=r"speaks en-us, de, not fr-fr: .*docs/guides/finetune.md"):
        build_frontend(config, "fr")


def test_an_accent_is_a_symbol_of_its_own_where_the_model_lacks_the_letter_with_it() -> None:
    """espeak's õ is one code point, the table holds o and the tilde."""
    config = TextConfig(languages=("pt",), symbols=grown(SYMBOLS, {"\u0303"}))
    frontend = build_frontend(config)
    ipa = frontend.phonemes("[[õ]]")
    tilde = len(SYMBOLS)
    assert frontend.tokens(ipa) == frontend.tokens("õ") == [SYMBOLS.index("o"), tilde]
    assert not frontend.left_out


def test_what_espeak_says_beyond_the_symbols_is_counted() -> None:
    frontend = build_frontend(TextConfig(languages=("fr-fr",)))
    frontend.phonemes("Un bon vin blanc.")
    assert frontend.left_out == {"\u0303": 4}
    assert frontend.missing("bɔ̃") == ["\u0303"]

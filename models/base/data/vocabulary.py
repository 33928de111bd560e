"""Which languages and symbols a corpus needs, and which ones a feature folder's tokens were made with."""

from __future__ import annotations

import json
import os
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hiervox.models.base.checkpoints.checkpoint import (
    CONFIG_NAME,
    find_checkpoint,
    read_experiment,
    read_json,
)
from hiervox.models.base.data.manifest import supervision_tree
from hiervox.models.base.data.pronunciation import DEFAULT_LANGUAGE
from hiervox.processors.text.config import TextConfig, espeak_name, grown
from hiervox.processors.text.frontend import TextFrontend
from hiervox.processors.text.languages import rules_of
from hiervox.processors.text.normalization import normalize_text
from hiervox.utils.errors import ConfigError, DataError, TextError
from hiervox.utils.files import write_json, write_text
from hiervox.utils.logging import get_logger

TEXT_NAME = "text.json"


@dataclass(frozen=True)
class Vocabulary:
    """What the texts of a corpus need of a model.

    Attributes:
        languages: utterances in each language.
        lacking: how often each symbol comes that the model has no row for.
        unspeakable: utterances with nothing to speak; `hiervox validate` names them.
        text: the model's languages and symbols with what it lacks behind them.
    """

    languages: Counter[str]
    lacking: Counter[str]
    unspeakable: int
    text: TextConfig


def survey(cuts: Iterable[Mapping[str, Any]], text: TextConfig) -> Vocabulary:
    """Pronounce every text of a corpus, and compare with what a model declares.

    Args:
        cuts: as the JSON objects of a manifest, so that neither lhotse nor torch is imported.
        text: what the model declares.

    Raises:
        ConfigError: a language that neither espeak nor a package knows.
        DataError: there is no text at all.
    """
    languages: Counter[str] = Counter()
    lacking: Counter[str] = Counter()
    frontends: dict[str, TextFrontend] = {}
    unspeakable = 0
    for cut in cuts:
        supervision = supervision_tree(cut)
        if supervision is None or supervision.get("text") is None:
            continue
        named = supervision.get("language")
        language = espeak_name(named) if named else DEFAULT_LANGUAGE
        if language not in frontends:
            frontends[language] = TextFrontend(language, symbols=text.symbols)
        languages[language] += 1
        ipa = (supervision.get("custom") or {}).get("ipa")
        if ipa:
            lacking.update(frontends[language].missing(ipa))
            continue
        try:
            with _no_warnings():
                frontends[language].phonemes(normalize_text(supervision["text"], language))
        except TextError:
            unspeakable += 1
    if not languages:
        raise DataError("the corpus holds no text", "give the table a column `text`")
    for frontend in frontends.values():
        lacking += frontend.left_out
    new = tuple(language for language in languages if language not in text.languages)
    own = "".join(rules_of(language).symbols for language in new)
    declared = {"languages": (*text.languages, *new), "symbols": grown(text.symbols, (*lacking, *own))}
    wanted = TextConfig.model_validate({**text.model_dump(), **declared})
    return Vocabulary(languages, lacking, unspeakable, wanted)


@contextmanager
def _no_warnings() -> Iterator[None]:
    """Of symbols that are left out: to count them is the purpose."""
    logger = get_logger("text")
    logger.disabled = True
    try:
        yield
    finally:
        logger.disabled = False


def declared_text(checkpoint: Path | None) -> TextConfig:
    """What the model of a checkpoint declares; what the published model does for None.

    Raises:
        CheckpointError: there is no checkpoint.
        ConfigError: its part reads no text.
    """
    return TextConfig() if checkpoint is None else _reader(checkpoint)[0]


def write_vocabulary(path: Path, text: TextConfig, checkpoint: Path | None, source: str) -> None:
    """Write a JSON5 file that a training config can name as its `base`.

    Args:
        path: of the file.
        text: languages and symbols.
        checkpoint: whose config the file takes as its own base; None for a new model.
        source: where the texts are, for a comment.
    """
    n_symbols = len(text.symbols)
    tree: dict[str, Any] = {}
    if checkpoint is not None:
        n_symbols = max(n_symbols, _reader(checkpoint)[1])
        tree["base"] = os.path.relpath(checkpoint / CONFIG_NAME, path.parent)
    tree |= {"text": text.model_dump(mode="json"), "model": {"n_symbols": n_symbols}}
    comment = f"// What the texts of {source} need of a text-to-vec model: a base for its config.\n"
    written = json.dumps(tree, indent=2, ensure_ascii=False)
    # an accent alone would stand on the character before it, and an editor might make one of the two
    escaped = "".join(f"\\u{ord(char):04x}" if unicodedata.combining(char) else char for char in written)
    write_text(path, comment + escaped + "\n")


def _reader(checkpoint: Path) -> tuple[TextConfig, int]:
    """What a model declares, and the rows of its symbol table.

    A whole config that says both is not checked by its system's schema, which would import torch.
    """
    find_checkpoint(checkpoint)
    tree = read_json(checkpoint / CONFIG_NAME)
    with suppress(KeyError, TypeError, ValueError):
        return TextConfig.model_validate(tree["text"]), int(tree["model"]["n_symbols"])
    experiment = read_experiment(checkpoint)
    text = getattr(experiment, "text", None)
    if not isinstance(text, TextConfig):
        raise ConfigError(
            f"{checkpoint} holds {experiment.part} of {experiment.system}, which reads no text",
            "name a text-to-vec checkpoint",
        )
    return text, int(experiment.model.n_symbols)  # type: ignore[attr-defined]


def write_symbols(folder: Path, symbols: tuple[str, ...]) -> None:
    """Write down what the tokens of a feature folder mean."""
    write_json(folder / TEXT_NAME, {"symbols": "".join(symbols)})


def read_symbols(folder: Path) -> tuple[str, ...]:
    """What the tokens of a feature folder mean; the published symbols where nothing is written down.

    Raises:
        DataError: what is written down can't be read.
    """
    path = folder / TEXT_NAME
    if not path.is_file():
        return TextConfig().symbols
    try:
        return TextConfig(symbols=read_json(path)["symbols"]).symbols
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"{path} can't be read ({error})", "extract again into a new folder") from error


def require_symbols(folder: Path, text: TextConfig) -> None:
    """Make sure that the tokens of a feature folder mean what a model takes them for.

    Raises:
        ConfigError: they were made with other symbols.
    """
    stored = read_symbols(folder)
    if stored != text.symbols:
        differing = sorted(set(text.symbols) ^ set(stored))
        named = " ".join(f"{symbol} (U+{ord(symbol):04X})" for symbol in differing[:8])
        raise ConfigError(
            f"the tokens of {folder} were made with other symbols than text.symbols "
            f"({named or 'in another order'})",
            "extract again into a new folder, with this config",
        )

"""Sentences to speak: read from lists and books, none of them a sentence of an evaluation."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable
from pathlib import Path

from hiervox.processors.text.sentences import split_sentences
from hiervox.utils.errors import DataError

SHORTEST, LONGEST = 28, 165
"""Characters; read aloud, about 2 to 12 s."""

_QUOTES = re.compile(r"\"|(?<!\w)'|'(?!\w)")
_PLAIN = str.maketrans({"“": '"', "”": '"', "‘": "'", "’": "'", "—": " - ", "–": " - ", "_": ""})
# What Project Gutenberg puts before and behind a book.
_GUTENBERG = re.compile(
    r"^.*\*\*\* ?START OF[^\n]*\n|\n(?:\*\*\* ?END OF|End of (?:the )?Project Gutenberg).*$", re.DOTALL
)
# Digits, lists, and passages in capitals are read differently by every reader.
_ODD = re.compile(r"[0-9\[\]{}()*/\\=+<>@#$%&|~^]|\b[A-Z]{2,}\b|\b[IVXLC]+\.|[^\x00-\x7f]")


def read_sentences(paths: Iterable[Path], excluded: Iterable[Path] = ()) -> list[str]:
    """The sentences of all files that take 2 to 12 s, each once, in order.

    A line `name|…|text` is a sentence (LJ Speech's `metadata.csv`); any other file is a book: its paragraphs
    stand between empty lines.

    Args:
        paths: UTF-8 text.
        excluded: whose sentences are left out: JSONL or CSV with `text`, or a sentence a line.

    Raises:
        DataError: a file is missing, or nothing is left.
    """
    seen = {_words(text) for path in excluded for text in _listed(path)}
    chosen = []
    for path in paths:
        for sentence in _split(_read(path)):
            words = _words(sentence)
            if words not in seen and SHORTEST <= len(sentence) <= LONGEST and not _ODD.search(sentence):
                seen.add(words)
                chosen.append(sentence)
    if not chosen:
        raise DataError("no sentence of 2 to 12 s in the texts", "give other files to --texts")
    return chosen


def _split(text: str) -> list[str]:
    lines = text.splitlines()
    if lines and all("|" in line for line in lines[:5]):
        return [_tidy(line.rsplit("|", 1)[1]) for line in lines if "|" in line]
    # What a paragraph holds behind its last full stop is a heading or a line of verse.
    sentences = map(_tidy, split_sentences(_GUTENBERG.sub("", text), limit=len(text)))
    return [sentence for sentence in sentences if sentence[-1:] in (".", "!", "?")]


def _tidy(text: str) -> str:
    """On one line, and without quotation marks, which are not heard."""
    return " ".join(_QUOTES.sub("", text.translate(_PLAIN).replace("--", " - ")).split())


def _words(text: str) -> str:
    return " ".join(re.findall(r"[a-z']+", text.lower().replace("’", "'")))


def _listed(path: Path) -> list[str]:
    text = _read(path)
    if path.suffix == ".jsonl":
        return [json.loads(line)["text"] for line in text.splitlines() if line.strip()]
    if path.suffix == ".csv":
        return [row["text"] for row in csv.DictReader(text.splitlines())]
    return text.splitlines()


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"can't read {path} ({error})", "give a UTF-8 text file") from error

"""Text to utterances, to IPA, to token ids."""

from processors.text.config import TextConfig, build_frontend
from processors.text.frontend import TextFrontend
from processors.text.normalization import normalize_text
from processors.text.script import Span, Utterance, read_script
from processors.text.sentences import split_sentences
from processors.text.symbols import SYMBOLS, intersperse

__all__ = [
    "SYMBOLS",
    "Span",
    "TextConfig",
    "TextFrontend",
    "Utterance",
    "build_frontend",
    "intersperse",
    "normalize_text",
    "read_script",
    "split_sentences",
]

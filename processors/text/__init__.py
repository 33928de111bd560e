"""Text to utterances, to IPA, to token ids."""

from hiervox.processors.text.config import TextConfig, build_frontend
from hiervox.processors.text.frontend import TextFrontend
from hiervox.processors.text.normalization import normalize_text
from hiervox.processors.text.script import Span, Utterance, read_script
from hiervox.processors.text.sentences import split_sentences
from hiervox.processors.text.symbols import SYMBOLS, intersperse

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

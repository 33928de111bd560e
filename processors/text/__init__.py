"""Text to IPA to token ids."""

from processors.text.frontend import TextFrontend
from processors.text.symbols import SYMBOLS, intersperse

__all__ = ["SYMBOLS", "TextFrontend", "intersperse"]

"""Texts as F5-TTS reads them: as they are written, or phonemes."""

from __future__ import annotations

from dataclasses import replace

from hiervox.models.base.pipelines.text_reader import TextReader
from hiervox.models.base.pipelines.token_sequence import TokenSequence
from hiervox.processors.text import TextConfig, TextFrontend
from hiervox.processors.text.characters import CharacterTable, written_symbols
from hiervox.processors.text.config import require_language
from hiervox.processors.text.normalization import normalize_text
from hiervox.processors.text.script import check_text
from hiervox.utils.errors import TextError

MOST_TRANSCRIPT = 4_000
"""Characters of what is said in a prompt."""
CLOSED = (". ", "。")


class WrittenFrontend(TextFrontend):
    """A text to the characters that stand for its symbols, for one language.

    Args:
        text: languages and symbols of the model.
        table: what the symbols stand for.
        language: espeak's code.
    """

    def __init__(self, text: TextConfig, table: CharacterTable, language: str) -> None:
        super().__init__(language, None, table.characters, text.closing)
        self._table = table

    def phonemes(self, text: str) -> str:
        """One character for each symbol of a text; one that the model lacks is read as a space.

        Raises:
            TextError: nothing in the text can be spoken, or it holds inline IPA.
        """
        check_text(text)
        if "[[" in text:
            raise TextError("the model reads no IPA", "write words in place of [[…]]")
        stand_ins = self._table.stand_ins
        symbols = written_symbols(text)
        unknown = {symbol for symbol in symbols if symbol not in stand_ins}
        self._warn(unknown - set("\n\t"), f"which the model has no symbol for, in {text[:60]!r}")
        if not any(symbol[0].isalnum() for symbol in symbols if symbol in stand_ins):
            raise TextError(f"nothing to speak in {text[:60]!r}", "write words in a language of the model")
        return "".join(stand_ins.get(symbol, " ") for symbol in symbols)


class F5Reader(TextReader):
    """The `Reader` of F5-TTS.

    Args:
        text: languages and symbols of the model.
        table: of a model that reads texts as they are written; else without symbols.
    """

    def __init__(self, text: TextConfig, table: CharacterTable) -> None:
        super().__init__(text)
        self.table, self.reads_written = table, bool(table.symbols)

    def frontend(self, language: str | None = None) -> TextFrontend:
        """See `TextReader.frontend`."""
        if not self.reads_written:
            return super().frontend(language)
        if language not in self._frontends:
            name = self.text.languages[0] if language is None else require_language(self.text, language)
            self._frontends[language] = WrittenFrontend(self.text, self.table, name)
        return self._frontends[language]

    def read(self, text: str, language: str | None = None) -> list[TokenSequence]:
        """See `Reader.read`."""
        sequences = super().read(text, language)
        if not self.reads_written:
            return sequences
        return [replace(sequence, phonemes=sequence.text) for sequence in sequences]

    def prompt(self, text: str, language: str | None = None) -> str:
        """What is said in a prompt, as `tokens` takes it: closed by a full stop, with spaces behind it.

        Raises:
            TextError: nothing in it can be spoken, or no prompt says so much.
        """
        if len(text) > MOST_TRANSCRIPT:
            raise TextError(
                f"prompt_text has {len(text)} characters, and no prompt says over {MOST_TRANSCRIPT}",
                "write down what is said in the prompt, and nothing else",
            )
        frontend = self.frontend(language)
        spoken = normalize_text(text, frontend.language).strip()
        phonemes = frontend.phonemes(spoken)
        return closed(spoken if self.reads_written else phonemes)

    def size(self, text: str) -> int:
        """Bytes of a text as it is written, or its number of phonemes."""
        return len(text.encode()) if self.reads_written else len(text)

    def tokens(self, text: str) -> list[int]:
        """Rows of the model's table."""
        return self.table.look_up(text) if self.reads_written else self.frontend().tokens(text)


def closed(text: str) -> str:
    """What is said in a prompt with a full stop and a space, and one more space behind it, as published."""
    if not text.endswith(CLOSED):
        text += " " if text.endswith(".") else ". "
    return spaced(text)


def spaced(text: str) -> str:
    """With a space behind it where it ends in ASCII."""
    return f"{text} " if text[-1].isascii() else text

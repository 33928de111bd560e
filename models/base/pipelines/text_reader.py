"""A text to token sequences by the text front end of a model."""

from __future__ import annotations

from hiervox.models.base.pipelines.token_sequence import TokenSequence, read_text
from hiervox.processors.text import TextConfig, TextFrontend, build_frontend


class TextReader:
    """The `Reader` of models that read the symbols of their config's `text` section.

    Args:
        text: languages and symbols of the model.
        blanks: whether it reads a blank between any two symbols.
        edge: the symbol that it reads at both ends of an utterance; none by default.
    """

    def __init__(self, text: TextConfig, blanks: bool = False, edge: str = "") -> None:
        self.text, self.blanks, self.edge = text, blanks, edge
        self._frontends: dict[str | None, TextFrontend] = {}

    def read(self, text: str, language: str | None = None) -> list[TokenSequence]:
        """See `Reader.read`."""
        return read_text(text, self.frontend(language), self.blanks, self.edge, self.frontend)

    def language(self, language: str | None = None) -> str:
        """See `Reader.language`."""
        return self.frontend(language).language

    def frontend(self, language: str | None = None) -> TextFrontend:
        """The text front end of one of the languages that the model declares; None for the first one.

        Raises:
            ConfigError: it does not declare this one.
        """
        if language not in self._frontends:
            self._frontends[language] = self.build_frontend(language)
        return self._frontends[language]

    def build_frontend(self, language: str | None) -> TextFrontend:
        """A new front end of a language, None for the first one; what a system reads otherwise, it overrides.

        Raises:
            ConfigError: the model does not declare this language.
        """
        return build_frontend(self.text, language)

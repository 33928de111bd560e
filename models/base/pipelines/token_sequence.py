"""A text, read once: normalised, cut into utterances, phonemised, looked up."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from hiervox.models.base.pipelines.concatenation import default_pause
from hiervox.processors.pitch import F0Contour
from hiervox.processors.text import TextFrontend, intersperse
from hiervox.processors.text.script import Span, Utterance, read_script
from hiervox.processors.text.symbols import SILENT
from hiervox.utils.errors import ConfigError, TextError


@dataclass(frozen=True)
class TokenSequence:
    """An utterance of a text as a network takes it; all sequences are as long as `tokens`.

    Attributes:
        text: plain.
        position: of the utterance in its text; the noise depends on it.
        pause: seconds of silence behind it; None for what its ending asks for.
        phonemes: IPA.
        tokens: ids, with blanks between or a symbol at either end where the model reads such.
        silent: whether a token is a blank or a mark without sound.
        rates, semitones, pitch_ranges: what the markup asks of each token, beside the controls.
        f0: (T,) in Hz, to be stretched to the utterance and to replace what is predicted; None for that.
        voice: the name of the voice that the text asks for; None for the one that it is spoken with.
        marks: names of places in the text, each with the token before which it is.
    """

    text: str
    position: int
    pause: float | None
    phonemes: str
    tokens: list[int]
    silent: list[bool]
    rates: list[float]
    semitones: list[float]
    pitch_ranges: list[float]
    f0: F0Contour | None = None
    voice: str | None = None
    marks: tuple[tuple[str, int], ...] = ()

    def require_no_f0(self) -> None:
        """Refuse an F0 curve, of a model that makes no pitch.

        Raises:
            ConfigError: there is one.
        """
        if self.f0 is not None:
            raise ConfigError("the model has no pitch that can be set", "leave the F0 curve out")

    @property
    def symbols(self) -> list[str]:
        """The symbol of each token; a space for the blanks between, and for what stands at the ends alone."""
        added = len(self.tokens) - len(self.phonemes)
        if added in (0, 2):
            return [*" " * (added // 2), *self.phonemes, *" " * (added // 2)]
        return [*(symbol for phoneme in self.phonemes for symbol in (" ", phoneme)), " "]

    @property
    def mean_rate(self) -> float:
        """By how much the markup hastens all of it."""
        return len(self.rates) / sum(1 / rate for rate in self.rates)


def read_text(
    text: str,
    frontend: TextFrontend,
    blanks: bool = False,
    edge: str = "",
    others: Callable[[str], TextFrontend] | None = None,
) -> list[TokenSequence]:
    """Read a text of any length, plain or SSML.

    Args:
        text: what to speak.
        frontend: of its language and of the model's symbols.
        blanks: whether the model reads a blank between any two symbols.
        edge: the symbol that it reads at both ends of an utterance; none by default.
        others: a language → its front end, for parts of the text in other languages.

    Raises:
        ConfigError: the model does not declare a language that the markup names.
        TextError: nothing in it can be spoken, or its markup or inline IPA is broken.
    """
    utterances = read_script(text, frontend.language)
    return [
        token_sequence(frontend, each, position, blanks, edge, others)
        for position, each in enumerate(utterances)
    ]


def token_sequence(
    frontend: TextFrontend,
    utterance: Utterance,
    position: int = 0,
    blanks: bool = False,
    edge: str = "",
    others: Callable[[str], TextFrontend] | None = None,
) -> TokenSequence:
    """Look up an utterance's symbols; parameters as of `read_text`.

    Raises:
        TextError: nothing in it can be spoken.
    """
    spans = utterance.spans
    readers = [others(span.language) if others and span.language else frontend for span in spans]
    texts = [reader.phonemes(span.text) for reader, span in zip(readers, spans, strict=True)]
    symbols: list[str] = []
    owners: list[Span] = []
    for index, (span, ipa) in enumerate(zip(spans, texts, strict=True)):
        apart = index > 0 and (span.text[:1].isspace() or spans[index - 1].text[-1:].isspace())
        spoken = f" {ipa}" if apart else ipa
        symbols += spoken
        owners += [span] * len(spoken)
    phonemes = frontend.closed("".join(symbols))
    symbols, owners = [*phonemes], owners + owners[-1:] * (len(phonemes) - len(symbols))
    if edge:
        symbols, owners = [edge, *symbols, edge], [*owners[:1], *owners, *owners[-1:]]
    tokens = frontend.tokens("".join(symbols))
    silent = [symbol in SILENT for symbol in symbols]
    if blanks:
        tokens = intersperse(tokens)
        # a blank belongs to the symbol behind it, the last one to the last symbol
        owners = [owner for owner in owners for _ in range(2)] + owners[-1:]
        silent = [token % 2 == 0 or silent[token // 2] for token in range(len(owners))]
    return TokenSequence(
        utterance.text,
        position,
        utterance.pause_after,
        phonemes,
        tokens,
        silent,
        [span.rate for span in owners],
        [span.semitones for span in owners],
        [span.pitch_range for span in owners],
        voice=utterance.voice,
        marks=tuple(
            (mark, next(token for token, owner in enumerate(owners) if owner is span))
            for span in spans
            for mark in span.marks
        ),
    )


def given_sequences(text: object) -> list[TokenSequence]:
    """The sequences that a caller gives in place of a text.

    Raises:
        TextError: it gives none, or something else.
    """
    sequences = list(text) if isinstance(text, Iterable) else []
    if not sequences or not all(isinstance(sequence, TokenSequence) for sequence in sequences):
        raise TextError(f"a {type(text).__name__} is no text", "give a string, or what `read` gave")
    return sequences


def pauses_behind(sequences: list[TokenSequence], sentence_pause: float | None = None) -> list[float]:
    """Seconds of silence behind each sequence: its own or its ending's; behind the last only its own."""
    pauses = [
        default_pause(sequence.text, sentence_pause) if sequence.pause is None else sequence.pause
        for sequence in sequences
    ]
    return [*pauses[:-1], sequences[-1].pause or 0.0]


def noise_for(seed: int, position: int, attempt: int = 0) -> torch.Generator:
    """The noise of one utterance, whatever else is spoken with it.

    Args:
        seed: of the text; itself the seed of the first attempt at the first utterance.
        position: of the utterance in the text.
        attempt: 0, or 1 for the second.
    """
    if (position, attempt) != (0, 0):
        digest = hashlib.sha256(f"{seed} {position} {attempt}".encode()).digest()
        seed = int.from_bytes(digest[:8], "little") >> 1
    return torch.Generator().manual_seed(seed)


def padded_rows(rows: Sequence[Sequence[float]], padding: float) -> Tensor:
    """(B, L) of rows of different lengths."""
    longest = max(map(len, rows))
    return torch.tensor([[*row, *[padding] * (longest - len(row))] for row in rows])

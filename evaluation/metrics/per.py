"""Phoneme error rate: text and transcript through the text frontend."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import ClassVar

from hiervox.evaluation.metric import Figure, Metric, Scores
from hiervox.evaluation.table import Utterance
from hiervox.processors.recognizer import ESPEAK_LANGUAGES
from hiervox.processors.text.frontend import TextFrontend
from hiervox.processors.text.phonemes import espeak_version
from hiervox.utils.errors import TextError

MARKS = frozenset("ˈˌːˑ.,;:!?¡¿—…\"«»“”()' \u0361-")
"""Stress, length, ties and punctuation: no phonemes."""


def phonemes(ipa: str) -> list[str]:
    """The phonemes of an IPA string, one letter with its accents each."""
    import unicodedata

    found: list[str] = []
    for symbol in unicodedata.normalize("NFC", ipa):
        if unicodedata.combining(symbol) and found and symbol not in MARKS:
            found[-1] += symbol
        elif symbol not in MARKS:
            found.append(symbol)
    return found


class PhonemeErrorRate(Metric):
    """Errors between the phonemes of the text and those of the transcript.

    A recogniser's spelling of a rare name costs fewer phonemes than words.
    """

    name = "per"
    measures = "phoneme error rate between the text and what a recogniser hears, both through espeak-ng"
    paper = "Whisper, arXiv 2212.04356 (recogniser)"
    needs = ("text",)
    requires: ClassVar[Mapping[str, str]] = {"faster_whisper": "faster-whisper", "jiwer": "jiwer"}
    columns = ("per", "phoneme_errors", "phonemes")
    figures: ClassVar[Mapping[str, Figure]] = {
        "per_corpus": Figure(
            "PER (corpus)", "lower", "%", percent=True, column="per", ratio=("phoneme_errors", "phonemes")
        ),
        "per": Figure("PER (mean)", "lower", "%", percent=True),
    }

    @cached_property
    def frontend(self) -> TextFrontend:
        """The text frontend of the run's language."""
        language = self.context.language
        return TextFrontend(ESPEAK_LANGUAGES.get(language, language))

    @property
    def settings(self) -> Mapping[str, str]:
        return {
            "recogniser": self.context.recognizer.description,
            "phonemes": f"espeak-ng {espeak_version()}, without stress and length",
        }

    def prepare(self) -> None:
        super().prepare()
        self.context.recognizer.prepare()
        self.frontend.phonemes("a")

    def models(self) -> Mapping[str, Path]:
        return self.context.recognizer.weights()

    def score(self, utterance: Utterance) -> Scores | None:
        reference = self._phonemes(utterance.text)
        if not reference:
            return None
        heard = self._phonemes(self.context.recognizer.transcribe_file(utterance.audio))
        import jiwer

        found = jiwer.process_words(" ".join(reference), " ".join(heard))
        errors = float(found.substitutions + found.insertions + found.deletions)
        return {
            "per": errors / len(reference),
            "phoneme_errors": errors,
            "phonemes": float(len(reference)),
        }

    def _phonemes(self, text: str) -> list[str]:
        try:
            return phonemes(self.frontend.phonemes(text)) if text.strip() else []
        except TextError:  # nothing that can be spoken
            return []

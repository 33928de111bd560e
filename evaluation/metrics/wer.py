"""Word and character error rate of a recogniser's transcript, both texts normalised."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from hiervox.evaluation.metric import Figure, Metric, Scores
from hiervox.evaluation.table import Utterance
from hiervox.evaluation.transcripts import error_counts, normalizer


class WordErrorRate(Metric):
    """WER and CER, of the corpus (errors over words, both summed) and as the mean over utterances."""

    name = "wer"
    measures = "word and character error rate of what a recogniser hears"
    paper = "Whisper, arXiv 2212.04356 (recogniser, text normaliser of appendix C)"
    needs = ("text",)
    requires: ClassVar[Mapping[str, str]] = {
        "faster_whisper": "faster-whisper",
        "jiwer": "jiwer",
        "whisper_normalizer": "whisper-normalizer",
    }
    columns = ("wer", "cer", "word_errors", "words", "character_errors", "characters", "heard")
    figures: ClassVar[Mapping[str, Figure]] = {
        "wer_corpus": Figure(
            "WER (corpus)", "lower", "%", percent=True, column="wer", ratio=("word_errors", "words")
        ),
        "wer": Figure("WER (mean)", "lower", "%", percent=True),
        "cer_corpus": Figure(
            "CER (corpus)", "lower", "%", percent=True, column="cer", ratio=("character_errors", "characters")
        ),
        "cer": Figure("CER (mean)", "lower", "%", percent=True),
    }

    @property
    def settings(self) -> Mapping[str, str]:
        kind = "English" if self.context.language == "en" else "basic"
        return {
            "recogniser": self.context.recognizer.description,
            "text normaliser": f"Whisper's {kind} one (whisper-normalizer)",
        }

    def prepare(self) -> None:
        super().prepare()
        self.context.recognizer.prepare()

    def models(self) -> Mapping[str, Path]:
        return self.context.recognizer.weights()

    def score(self, utterance: Utterance) -> Scores | None:
        normalize = normalizer(self.context.language)
        reference = normalize(utterance.text).strip()
        if not any(character.isalnum() for character in reference):
            return None
        heard = self.context.recognizer.transcribe_file(utterance.audio)
        counts = error_counts(reference, normalize(heard).strip())
        return {
            "wer": counts["word_errors"] / counts["words"],
            "cer": counts["character_errors"] / counts["characters"],
            **counts,
            "heard": heard,
        }

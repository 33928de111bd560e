"""Word and character error rate of a recogniser's transcript, both texts normalised."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import ClassVar

from hiervox.evaluation.estimate import Estimate, mean_estimate, ratio_estimate
from hiervox.evaluation.metric import Figure, Metric, Scores
from hiervox.evaluation.recognizer import Recognizer
from hiervox.evaluation.table import Utterance
from hiervox.processors.audio import read_audio
from hiervox.utils.errors import DependencyError

SAMPLE_RATE = 16000  # Whisper's


@lru_cache(maxsize=2)
def normalizer(language: str) -> Callable[[str], str]:
    """Whisper's own text normalisation (arXiv 2212.04356, appendix C): English for `en`, else basic.

    Raises:
        DependencyError: whisper-normalizer is not installed.
    """
    try:
        from whisper_normalizer.basic import BasicTextNormalizer
        from whisper_normalizer.english import EnglishTextNormalizer
    except ImportError as error:
        raise DependencyError(
            "whisper-normalizer is not installed", "pip install whisper-normalizer"
        ) from error
    normalize: Callable[[str], str] = EnglishTextNormalizer() if language == "en" else BasicTextNormalizer()
    return normalize


def error_counts(reference: str, hypothesis: str) -> dict[str, float]:
    """Word and character errors (substitutions, insertions, deletions) and the reference's lengths.

    The texts are compared as they are; a blank counts as a character.

    Args:
        reference: what was to be said; not empty.
        hypothesis: what was heard.
    """
    import jiwer

    words = jiwer.process_words(reference, hypothesis)
    characters = jiwer.process_characters(reference, hypothesis)
    return {
        "word_errors": float(words.substitutions + words.insertions + words.deletions),
        "words": float(len(reference.split())),
        "character_errors": float(characters.substitutions + characters.insertions + characters.deletions),
        "characters": float(len(reference)),
    }


class WordErrorRate(Metric):
    """WER and CER, of the corpus (errors over words, both summed) and as the mean over utterances."""

    columns = ("wer", "cer", "word_errors", "words", "character_errors", "characters", "heard")
    figures: ClassVar[Mapping[str, Figure]] = {
        "wer_corpus": Figure("WER % (corpus)", "lower", percent=True),
        "wer": Figure("WER % (mean)", "lower", percent=True),
        "cer_corpus": Figure("CER % (corpus)", "lower", percent=True),
    }

    def __init__(self, recognizer: Recognizer) -> None:
        super().__init__()
        self.recognizer = recognizer

    @property
    def settings(self) -> Mapping[str, str]:
        kind = "English" if self.recognizer.language == "en" else "basic"
        return {"recogniser": self.recognizer.description, "text": f"Whisper's {kind} text normaliser"}

    def score(self, utterance: Utterance) -> Scores | None:
        normalize = normalizer(self.recognizer.language)
        reference = normalize(utterance.text).strip()
        if not any(character.isalnum() for character in reference):
            return None
        wav, _ = read_audio(utterance.audio, SAMPLE_RATE)
        heard = self.recognizer.transcribe(wav)
        counts = error_counts(reference, normalize(heard).strip())
        return {
            "wer": counts["word_errors"] / counts["words"],
            "cer": counts["character_errors"] / counts["characters"],
            **counts,
            "heard": heard,
        }

    def compute(self) -> dict[str, Estimate | None]:
        return {
            "wer_corpus": ratio_estimate(self.values("word_errors"), self.values("words")),
            "wer": mean_estimate(self.values("wer")),
            "cer_corpus": ratio_estimate(self.values("character_errors"), self.values("characters")),
        }

"""Normalising texts and counting the errors between them."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from hiervox.utils.errors import DependencyError


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

from __future__ import annotations

import pytest

from hiervox.evaluation.metrics.per import PhonemeErrorRate, phonemes
from hiervox.evaluation.table import Utterance
from tests.evaluation.metrics.test_wer import audio, hears
from tests.evaluation.rows import row, scored

__all__ = ["audio"]


def test_marks_are_no_phonemes_and_accents_belong_to_their_letter() -> None:
    assert phonemes("həlˈoʊ, ã!") == ["h", "ə", "l", "o", "ʊ", "ã"]


def test_errors_by_hand(audio) -> None:
    """ "cat" → "cap": one of three phonemes substituted; "cat" → "cats": one inserted."""
    pytest.importorskip("jiwer")
    metric = PhonemeErrorRate(hears("cap"))
    utterance = Utterance(2, "1", "x", audio, "cat")
    assert scored(metric, utterance)["per"] == pytest.approx(1 / 3)
    longer = PhonemeErrorRate(hears("cats"))
    assert scored(longer, utterance)["phoneme_errors"] == 1


def test_homophones_are_no_errors(audio) -> None:
    pytest.importorskip("jiwer")
    utterance = Utterance(2, "1", "x", audio, "too nights")
    assert scored(PhonemeErrorRate(hears("Two knights")), utterance)["per"] == 0


def test_corpus_rate_and_what_is_not_measured(audio) -> None:
    pytest.importorskip("jiwer")
    metric = PhonemeErrorRate(hears(""))
    rows = [
        row(Utterance(2, str(n), "x", audio, text), scored(metric, Utterance(2, str(n), "x", audio, text)))
        for n, text in enumerate(("cat", "a"))
    ]
    found = metric.summarize(rows)["per_corpus"]
    assert found is not None and found.value == 1
    assert metric.score(Utterance(2, "1", "x", audio, "…")) is None
    assert metric.score(Utterance(2, "1", "x", audio)) is None

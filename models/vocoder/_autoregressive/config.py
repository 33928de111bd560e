"""The experiment of an autoregressive vocoder."""

from __future__ import annotations

from typing import ClassVar

from hiervox.models.vocoder.config import VocoderExperiment
from hiervox.processors.pre_emphasis import PreEmphasisConfig


class AutoregressiveVocoderExperiment(VocoderExperiment):
    """A training run of an autoregressive vocoder.

    Attributes:
        pre_emphasis: of the waveform that the network draws; its spectrogram is of the recording as it is.
    """

    pre_emphasis: PreEmphasisConfig = PreEmphasisConfig()
    segment_frames: ClassVar[int] = 6
    context_frames: ClassVar[int] = 2

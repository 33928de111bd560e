"""The experiment of an autoregressive vocoder."""

from __future__ import annotations

from typing import ClassVar

from hiervox.models.vocoder.config import VocoderExperiment


class AutoregressiveVocoderExperiment(VocoderExperiment):
    """A training run of an autoregressive vocoder."""

    segment_frames: ClassVar[int] = 6
    context_frames: ClassVar[int] = 2

"""The experiment of a flow vocoder."""

from __future__ import annotations

from typing import ClassVar

from pydantic import PositiveFloat

from hiervox.models.vocoder.config import VocoderExperiment


class FlowVocoderExperiment(VocoderExperiment):
    """A training run of a flow vocoder.

    Attributes:
        sigma: deviation of the noise that the waveform becomes, in training.
    """

    sigma: PositiveFloat = 1.0
    segment_frames: ClassVar[int] = 62  # about the 16,000 samples of WaveGlow's paper

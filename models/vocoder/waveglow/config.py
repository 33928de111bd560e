"""What can be set in WaveGlow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import PositiveFloat

from hiervox.models.vocoder.config import VocoderExperiment, adam
from hiervox.models.vocoder.waveglow.network import WaveGlowSizes


class WaveGlowExperiment(VocoderExperiment):
    """A training run of WaveGlow.

    Attributes:
        sigma: deviation of the noise that the waveform becomes, in training.
    """

    model: WaveGlowSizes = WaveGlowSizes()
    sigma: PositiveFloat = 1.0
    segment_frames: ClassVar[int] = 62  # about the 16,000 samples of the paper
    defaults: ClassVar[Mapping[str, Any]] = {
        "mel": "tacotron",
        "train": {
            **adam(1e-4),
            "batch_size": 12,
            "max_steps": 580_000,
        },
    }

"""The experiment of a diffusion vocoder."""

from __future__ import annotations

from typing import ClassVar

from hiervox.models.vocoder.config import VocoderExperiment


class DiffusionVocoderExperiment(VocoderExperiment):
    """A training run of a diffusion vocoder."""

    segment_frames: ClassVar[int] = 62  # DiffWave's published code

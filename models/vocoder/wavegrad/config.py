"""What can be set in WaveGrad."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from hiervox.models.vocoder._diffusion.config import DiffusionVocoderExperiment
from hiervox.models.vocoder.config import adam
from hiervox.modules.diffusion.wavegrad import WaveGradSizes


class WaveGradExperiment(DiffusionVocoderExperiment):
    """A training run of WaveGrad."""

    model: WaveGradSizes = WaveGradSizes()
    segment_frames: ClassVar[int] = 24
    defaults: ClassVar[Mapping[str, Any]] = {
        "mel": "wavegrad",
        "train": {
            **adam(2e-4),
            "batch_size": 32,
            "clip_norm": 1.0,
            "max_steps": 1_000_000,
        },
    }

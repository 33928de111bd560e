"""What can be set in DiffWave."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from hiervox.models.vocoder._diffusion.config import DiffusionVocoderExperiment
from hiervox.models.vocoder.config import adam
from hiervox.models.vocoder.diffwave.network import DiffWaveSizes


class DiffWaveExperiment(DiffusionVocoderExperiment):
    """A training run of DiffWave."""

    model: DiffWaveSizes = DiffWaveSizes()
    defaults: ClassVar[Mapping[str, Any]] = {
        "mel": "diffwave",
        "train": {
            **adam(2e-4),
            "batch_size": 16,
            "max_steps": 1_000_000,
        },
    }

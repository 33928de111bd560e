"""What can be set in WaveGlow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from hiervox.models.vocoder._flow.config import FlowVocoderExperiment
from hiervox.models.vocoder.config import adam
from hiervox.modules.flows.waveglow import WaveGlowSizes


class WaveGlowExperiment(FlowVocoderExperiment):
    """A training run of WaveGlow."""

    model: WaveGlowSizes = WaveGlowSizes()
    defaults: ClassVar[Mapping[str, Any]] = {
        "mel": "tacotron",
        "train": {
            **adam(1e-4),
            "batch_size": 12,
            "max_steps": 580_000,
        },
    }

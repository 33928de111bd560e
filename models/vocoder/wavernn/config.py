"""What can be set in WaveRNN."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from hiervox.models.vocoder._autoregressive.config import AutoregressiveVocoderExperiment
from hiervox.models.vocoder.config import adam
from hiervox.models.vocoder.wavernn.network import WaveRNNSizes

SIZES = {"logistics": WaveRNNSizes(), "mu_law": WaveRNNSizes(output="mu_law")}


class WaveRNNExperiment(AutoregressiveVocoderExperiment):
    """A training run of WaveRNN."""

    model: WaveRNNSizes = SIZES["logistics"]
    sizes: ClassVar[Mapping[str, WaveRNNSizes]] = SIZES
    defaults: ClassVar[Mapping[str, Any]] = {
        "mel": "wavernn",
        "train": {
            **adam(1e-4),
            "batch_size": 32,
            "clip_norm": 4.0,
            "max_steps": 1_000_000,
        },
    }

"""What can be set in WaveNet; the published sizes for three outputs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from hiervox.models.vocoder._autoregressive.config import AutoregressiveVocoderExperiment
from hiervox.models.vocoder.config import adam
from hiervox.models.vocoder.wavenet.network import WaveNetSizes

SIZES = {
    "logistics": WaveNetSizes(),
    "gaussian": WaveNetSizes(output="gaussian", least_log_scale=-7.0),
    "mu_law": WaveNetSizes(output="mu_law", n_layers=30, n_stacks=3),
}


class WaveNetExperiment(AutoregressiveVocoderExperiment):
    """A training run of WaveNet, without the published high-pass and normalisation by corpus.

    The authors' pre-emphasis is in `egs/vocoder/wavenet/conf/published.json5`.
    """

    model: WaveNetSizes = SIZES["logistics"]
    sizes: ClassVar[Mapping[str, WaveNetSizes]] = SIZES
    segment_frames: ClassVar[int] = 40
    defaults: ClassVar[Mapping[str, Any]] = {
        "mel": "wavenet",
        "train": {
            **adam(1e-3, decay=0.9999965),
            "batch_size": 8,
            "clip_norm": 1.0,
            "ema_decay": 0.9999,
            "max_steps": 1_000_000,
        },
    }

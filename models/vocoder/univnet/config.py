"""What can be set in UnivNet; its two sizes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from hiervox.models.vocoder._gan.config import GANVocoderExperiment
from hiervox.models.vocoder.config import adam
from hiervox.models.vocoder.univnet.networks.univnet import UnivNetSizes

PERIOD_CHANNELS = (64, 128, 256, 512, 1024)
SIZES = {"c32": UnivNetSizes(), "c16": UnivNetSizes(channels=16)}


class UnivNetExperiment(GANVocoderExperiment):
    """A training run of UnivNet: means over all discriminators, no feature matching, distances of spectra.

    The unofficial code updates the generator before the discriminators; here these come first.
    """

    model: UnivNetSizes = SIZES["c32"]
    sizes: ClassVar[Mapping[str, UnivNetSizes]] = SIZES
    segment_frames: ClassVar[int] = 64
    defaults: ClassVar[Mapping[str, Any]] = {
        "mel": "bigvgan_24k",
        "discriminators": {
            "period": {"type": "multi_period", "channels": PERIOD_CHANNELS, "slope": 0.2},
            "magnitude": {"type": "multi_resolution_magnitude", "slope": 0.2},
        },
        "loss": {
            "reduction": "mean",
            "feature_matching": 0.0,
            "mel": 0.0,
            "spectral_convergence": 2.5,
            "log_magnitude": 2.5,
        },
        "train": {**adam(1e-4, (0.5, 0.9)), "batch_size": 32, "max_steps": 1_000_000},
    }

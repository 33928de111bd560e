"""What can be set in Vocos."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from hiervox.models.vocoder._gan.config import GANVocoderExperiment
from hiervox.modules.generators.vocos import VocosSizes


class VocosExperiment(GANVocoderExperiment):
    """A training run of Vocos: hinge loss, means over each kind's discriminators.

    Peaks are drawn between -6 and -1 dB in validation, too, where the published code sets -3 dB.
    """

    model: VocosSizes = VocosSizes()
    segment_frames: ClassVar[int] = 64
    defaults: ClassVar[Mapping[str, Any]] = {
        "mel": "vocos",
        "features": {"peak": {"lowest": 10 ** (-6 / 20), "highest": 10 ** (-1 / 20), "draw": "decibels"}},
        "discriminators": {
            "period": {"type": "multi_period", "first_is_feature": False, "weight": 1 / 5},
            "band": {"type": "multi_band", "weight": 0.1 / 3},
        },
        "loss": {"kind": "clipped_hinge", "feature_matching": 1.0},
        "train": {
            "optimizer": {"learning_rate": 5e-4, "betas": (0.8, 0.9), "eps": 1e-8},
            "schedule": {"kind": "cosine"},
            "batch_size": 16,
            "max_steps": 1_000_000,
        },
    }

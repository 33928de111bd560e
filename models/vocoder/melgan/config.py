"""What can be set in MelGAN."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from hiervox.models.vocoder._gan.config import GANVocoderExperiment
from hiervox.models.vocoder.config import adam
from hiervox.models.vocoder.melgan.network import MelGANSizes


class MelGANExperiment(GANVocoderExperiment):
    """A training run of MelGAN: hinge loss, feature matching, no reconstruction loss.

    The feature-matching weight is 10 · 4 / (3 + 1) / 3 for each of the three scales, as published.
    """

    model: MelGANSizes = MelGANSizes()
    defaults: ClassVar[Mapping[str, Any]] = {
        "mel": "melgan",
        "features": {"peak": {"lowest": 0.3 * 0.95, "highest": 0.95}},
        "discriminators": {"scale": {"type": "melgan_multi_scale"}},
        "loss": {"kind": "hinge", "feature_matching": 10 * 4 / 15, "mel": 0.0},
        "train": {**adam(1e-4, (0.5, 0.9)), "batch_size": 16, "max_steps": 2_000_000},
    }

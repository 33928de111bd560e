"""What can be set in BigVGAN; the sizes of the published checkpoints of both versions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from hiervox.models.vocoder._gan.config import UTTERANCE_PEAK, GANVocoderExperiment
from hiervox.models.vocoder.config import adam
from hiervox.modules.generators.hifigan import HiFiGANSizes

_BASE = HiFiGANSizes(in_channels=100, activation="alias_free_snake")
_LARGE = _BASE.model_copy(
    update={"initial_channels": 1536, "rates": (4, 4, 2, 2, 2, 2), "kernel_sizes": (8, 8, 4, 4, 4, 4)}
)
_SECOND = _LARGE.model_copy(update={"output": "clamp", "output_bias": False})
SIZES = {
    "base": _BASE,
    "v1": _LARGE,
    "v2": _SECOND,
    "v2_44k": _SECOND.model_copy(
        update={"in_channels": 128, "rates": (8, 4, 2, 2, 2, 2), "kernel_sizes": (16, 8, 4, 4, 4, 4)}
    ),
}


class BigVGANExperiment(GANVocoderExperiment):
    """A training run of BigVGAN; what is not set is the first version's.

    The second trains with `sub_band_cqt` discriminators of 128 channels in place of `magnitude`, a
    `multi_scale_mel` weight of 15 in place of `mel`, and segments of 65,536 samples.
    """

    model: HiFiGANSizes = SIZES["base"]
    sizes: ClassVar[Mapping[str, HiFiGANSizes]] = SIZES
    defaults: ClassVar[Mapping[str, Any]] = {
        "mel": "bigvgan_24k",
        "features": {"peak": {**UTTERANCE_PEAK, "of": "segment"}},
        "discriminators": {
            "period": {"type": "multi_period"},
            "magnitude": {"type": "multi_resolution_magnitude"},
        },
        "train": {
            **adam(1e-4, (0.8, 0.99), 0.9999996, name="AdamW"),
            "batch_size": 32,
            "max_steps": 1_000_000,
            "clip_norm": 1000.0,
        },
    }

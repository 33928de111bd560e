"""Published checkpoints of HiFi-GAN and of those that kept its tensors' names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hiervox.models.base.checkpoints.block_names import Rules, hifigan_rules
from hiervox.modules.generators.hifigan import HiFiGANSizes
from hiervox.utils.errors import CheckpointError

SIZE_KEYS = {
    "in_channels": "num_mels",
    "initial_channels": "upsample_initial_channel",
    "rates": "upsample_rates",
    "kernel_sizes": "upsample_kernel_sizes",
    "block_kernel_sizes": "resblock_kernel_sizes",
    "block_dilations": "resblock_dilation_sizes",
}
"""Our keys of `HiFiGANSizes` → those of the published configs."""


def paired_blocks(published: Mapping[str, Any]) -> bool:
    """Whether the residual blocks are of HiFi-GAN's first kind.

    Raises:
        CheckpointError: the config does not say.
    """
    kind = str(published.get("resblock"))
    if kind not in ("1", "2"):
        raise CheckpointError("the published config has no resblock of 1 or 2", "name the right config")
    return kind == "1"


def generator_rules(sizes: HiFiGANSizes) -> Rules:
    """From names of the published code to those of `HiFiGANGenerator`."""
    return hifigan_rules(len(sizes.rates), len(sizes.block_kernel_sizes))

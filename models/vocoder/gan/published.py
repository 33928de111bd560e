"""Published checkpoints of HiFi-GAN and of those that kept its tensors' names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hiervox.models.vocoder.published import Rules
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
    """From names of the published code to those of `HiFiGANGenerator`.

    The published residual blocks are numbered through all stages.
    """
    beside = len(sizes.block_kernel_sizes)
    blocks = [
        (rf"^resblocks\.{number}\.", f"backbone.stages.{number // beside}.blocks.blocks.{number % beside}.")
        for number in range(len(sizes.rates) * beside)
    ]
    return (
        (r"^conv_pre\.", "backbone.input."),
        (r"^conv_post\.", "output."),
        (r"^activation_post\.", "backbone.activation."),
        (r"^ups\.(\d+)\.(?:0\.)?", r"backbone.stages.\1.up."),
        *blocks,
        *BLOCK_RULES,
    )


BLOCK_RULES: Rules = (
    (r"\.convs1\.", ".dilated_convs."),
    (r"\.convs2\.", ".plain_convs."),
    (r"\.convs\.", ".dilated_convs."),
    (r"\.act\.", ".activation."),
)
"""Within a residual block."""

"""Published checkpoints of HiFi-GAN and of those that kept its tensors' names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from hiervox.models.base.checkpoints.block_names import Rules, hifigan_rules
from hiervox.models.base.checkpoints.importing import map_tensors
from hiervox.modules.discriminators.multi_period import MultiPeriodDiscriminator
from hiervox.modules.discriminators.multi_scale import MultiScaleDiscriminator
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


DISCRIMINATOR_RULES = (
    (r"\.convs\.(\d+)\.(?:conv\.)?", r".stack.convs.\1."),
    (r"\.conv_post\.(?:conv\.)?", ".stack.last."),
)
"""From names of the published code to those of our discriminators."""
SPECTRAL_RULES = (
    (r"^(discriminators\.0\..*)\.weight_orig$", r"\1.parametrizations.weight.original"),
    (r"^(discriminators\.0\..*)\.weight_(u|v)$", r"\1.parametrizations.weight.0._\2"),
)
"""Of the first scale, which has spectral norm."""


def import_discriminators(published: Mapping[str, dict[str, Tensor]]) -> dict[str, dict[str, Tensor]]:
    """Map the discriminators of a `do_*` checkpoint onto the default ones, `period` and `scale`.

    Its optimizer states, whose rates have decayed, are left out: a fine-tuning starts its own.

    Args:
        published: `mpd` and `msd`.

    Raises:
        CheckpointError: one is missing or of other sizes.
    """
    with torch.device("meta"):
        members = {"period": ("mpd", MultiPeriodDiscriminator()), "scale": ("msd", MultiScaleDiscriminator())}
    return {"discriminator": member_tensors(published, members)}


def member_tensors(
    published: Mapping[str, dict[str, Tensor]], members: Mapping[str, tuple[str, nn.Module]]
) -> dict[str, Tensor]:
    """Tensors by the names of a `DiscriminatorEnsemble`.

    Args:
        published: key → state dict.
        members: our name → (key, network).

    Raises:
        CheckpointError: a key is missing, or its tensors are not the network's.
    """
    tensors: dict[str, Tensor] = {}
    for name, (key, network) in members.items():
        if key not in published:
            raise CheckpointError(f"the training state has no {key}", "name the file do_* beside g_*")
        spectral = SPECTRAL_RULES if isinstance(network, MultiScaleDiscriminator) else ()
        mapped = map_tensors(published[key], (*DISCRIMINATOR_RULES, *spectral), network)
        tensors |= {f"members.{name}.{tensor}": value for tensor, value in mapped.items()}
    return tensors

"""Published checkpoints of HiFi-GAN and of those that kept its tensors' names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor

from hiervox.models.base.checkpoints.block_names import Rules, hifigan_rules
from hiervox.models.base.checkpoints.importing import map_tensors
from hiervox.models.base.training.discriminators import build_discriminator
from hiervox.modules.discriminators.config import DiscriminatorConfig
from hiervox.modules.discriminators.multi_band import MultiBandConfig
from hiervox.modules.discriminators.multi_period import MultiPeriodConfig
from hiervox.modules.discriminators.multi_resolution_magnitude import MultiResolutionMagnitudeConfig
from hiervox.modules.discriminators.multi_resolution_stft import MultiResolutionSTFTConfig
from hiervox.modules.discriminators.multi_scale import MelGANMultiScaleConfig, MultiScaleConfig
from hiervox.modules.discriminators.sub_band_cqt import SubBandCQTConfig
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
COMMON_CONFIG: Mapping[str, Any] = {
    "resblock": "1",
    "upsample_rates": [8, 8, 2, 2],
    "upsample_kernel_sizes": [16, 16, 4, 4],
    "upsample_initial_channel": 512,
    "resblock_kernel_sizes": [3, 7, 11],
    "resblock_dilation_sizes": [[1, 3, 5]] * 3,
    "n_fft": 1024,
    "hop_size": 256,
    "win_size": 1024,
}
"""What the config of HiFi-GAN's V1 sets, and those of networks that follow it keep, by the authors' keys."""
STATE_HINT = "name the authors' file of the discriminators beside the generator's"


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


_STACK: Rules = (
    (r"\.convs\.(\d+)\.(?:conv\.)?", r".stack.convs.\1."),
    (r"\.conv_post\.(?:conv\.)?", ".stack.last."),
)
_SPECTRAL: Rules = (
    (r"^(discriminators\.0\..*)\.weight_orig$", r"\1.parametrizations.weight.original"),
    (r"^(discriminators\.0\..*)\.weight_(u|v)$", r"\1.parametrizations.weight.0._\2"),
)
"""Of the first scale, which has spectral norm."""
_MELGAN: Rules = (
    (r"^disc_(\d+)\.model\.layer_0\.1\.", r"discriminators.\1.stack.convs.0."),
    (r"^disc_(\d+)\.model\.layer_([1-5])\.0\.", r"discriminators.\1.stack.convs.\2."),
    (r"^disc_(\d+)\.model\.layer_6\.", r"discriminators.\1.stack.last."),
)
_DISCRIMINATOR_RULES: Mapping[type[DiscriminatorConfig], Rules] = {
    MultiPeriodConfig: _STACK,
    MultiScaleConfig: (*_STACK, *_SPECTRAL),
    MelGANMultiScaleConfig: _MELGAN,
    MultiResolutionMagnitudeConfig: _STACK,
    MultiResolutionSTFTConfig: _STACK,
    MultiBandConfig: ((r"\.band_convs\.", ".stacks."), (r"\.conv_post\.", ".last.")),
    SubBandCQTConfig: ((r"\.conv_pres\.(\d+)\.(?:conv\.)?", r".octaves.\1."), *_STACK),
}
"""From names of the published code to those of our discriminators."""


class Member(NamedTuple):
    """Where the tensors of a discriminator are in a published training state.

    Attributes:
        key: of the state dict.
        config: sizes of the discriminator.
        prefix: of its tensors' names in that state dict.
    """

    key: str
    config: DiscriminatorConfig
    prefix: str = ""


def import_discriminators(published: Mapping[str, dict[str, Tensor]]) -> dict[str, dict[str, Tensor]]:
    """Map the discriminators of a `do_*` checkpoint onto HiFi-GAN's default ones, `period` and `scale`.

    Its optimizer states, whose rates have decayed, are left out: a fine-tuning starts its own.

    Args:
        published: `mpd` and `msd`.

    Raises:
        CheckpointError: one is missing or of other sizes.
    """
    members = {
        "period": Member("mpd", MultiPeriodConfig()),
        "scale": Member("msd", MultiScaleConfig()),
    }
    return import_members(published, members)


def import_members(
    published: Mapping[str, dict[str, Tensor]], members: Mapping[str, Member]
) -> dict[str, dict[str, Tensor]]:
    """Map published discriminators onto a `DiscriminatorEnsemble`, which training calls `discriminator`.

    Args:
        published: key → state dict.
        members: by the name that a config gives them.

    Raises:
        CheckpointError: one is missing, or its tensors are not the discriminator's.
    """
    tensors: dict[str, Tensor] = {}
    for name, member in members.items():
        state = {
            key.removeprefix(member.prefix): tensor
            for key, tensor in published.get(member.key, {}).items()
            if key.startswith(member.prefix)
        }
        if not state:
            missing = f"{member.key} {member.prefix}".strip(" .") or "discriminators"
            raise CheckpointError(f"the training state has no {missing}", STATE_HINT)
        mapped = map_discriminator(state, member.config)
        tensors |= {f"members.{name}.{tensor}": value for tensor, value in mapped.items()}
    return {"discriminator": tensors}


def import_from_state_dict(
    published: Mapping[str, dict[str, Tensor]], members: Mapping[str, tuple[str, DiscriminatorConfig]]
) -> dict[str, dict[str, Tensor]]:
    """`import_members` of a training checkpoint whose `state_dict` holds all networks.

    Args:
        published: with that key.
        members: by the name that a config gives them: prefix of the tensors' names, and its sizes.

    Raises:
        CheckpointError: one is missing, or its tensors are not the discriminator's.
    """
    return import_members(
        published, {name: Member("state_dict", config, prefix) for name, (prefix, config) in members.items()}
    )


def map_discriminator(state: dict[str, Tensor], config: DiscriminatorConfig) -> dict[str, Tensor]:
    """Published tensors by the names of our discriminator.

    Raises:
        CheckpointError: they are not that discriminator's.
    """
    with torch.device("meta"):
        network = build_discriminator(config)
    return map_tensors(state, _DISCRIMINATOR_RULES[type(config)], network)

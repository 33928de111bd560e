"""The authors' BigVGAN generators (github.com/NVIDIA/BigVGAN, MIT), both versions, as ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from hiervox.models.base.checkpoints.published_config import HINT, read_mel, read_sizes
from hiervox.models.vocoder._gan.published import (
    SIZE_KEYS,
    Member,
    generator_rules,
    import_members,
    paired_blocks,
)
from hiervox.models.vocoder.published import HIFIGAN_MEL_KEYS, Imported, import_network
from hiervox.modules.discriminators.config import DiscriminatorConfig
from hiervox.modules.discriminators.multi_band import MultiBandConfig
from hiervox.modules.discriminators.multi_period import MultiPeriodConfig
from hiervox.modules.discriminators.multi_resolution_magnitude import MultiResolutionMagnitudeConfig
from hiervox.modules.discriminators.sub_band_cqt import SubBandCQTConfig
from hiervox.modules.generators.hifigan import HiFiGANGenerator, HiFiGANSizes
from hiervox.processors.mel_presets import BIGVGAN_24K
from hiervox.utils.errors import CheckpointError

FILTERS = r"\.filter$"
"""The low-pass filters, which follow from their sizes."""


def import_bigvgan(state_dict: dict[str, Tensor], published_config: dict[str, Any]) -> Imported:
    """Map a published generator.

    Args:
        state_dict: the authors' tensors by their names.
        published_config: the `config.json` beside the checkpoint.

    Raises:
        CheckpointError: the tensors or the config are not BigVGAN's, or another Snake than Snake-Beta on a
            log scale is set, which none of the published checkpoints has.
    """
    snake = (published_config.get("activation"), published_config.get("snake_logscale"))
    if snake != ("snakebeta", True):
        raise CheckpointError(f"the published config sets activation, snake_logscale to {snake}", HINT)
    sizes = read_sizes(
        HiFiGANSizes,
        published_config,
        SIZE_KEYS,
        paired_blocks=paired_blocks(published_config),
        activation="alias_free_snake",
        output="tanh" if published_config.get("use_tanh_at_final", True) else "clamp",
        output_bias=published_config.get("use_bias_at_final", True),
    )
    mel = read_mel(published_config, HIFIGAN_MEL_KEYS, BIGVGAN_24K)
    return import_network(state_dict, sizes, mel, HiFiGANGenerator, generator_rules(sizes), FILTERS)


def import_discriminators(published: Mapping[str, dict[str, Tensor]]) -> dict[str, dict[str, Tensor]]:
    """Map the discriminators of a training state (`bigvgan_discriminator_optimizer.pt`, `do_*`).

    Args:
        published: `mpd`, our `period`; and `mrd`, which is `magnitude` in the first version (with
            `window: "rectangular"`), `cqt` of 128 channels in the second, or `band`.

    Raises:
        CheckpointError: one is missing or of other sizes.
    """
    names = published.get("mrd", {})
    build: DiscriminatorConfig
    if any(".conv_pres." in name for name in names):
        second, build = "cqt", SubBandCQTConfig(channels=128)
    elif any(".band_convs." in name for name in names):
        second, build = "band", MultiBandConfig()
    else:
        second, build = "magnitude", MultiResolutionMagnitudeConfig()
    members = {"period": Member("mpd", MultiPeriodConfig()), second: Member("mrd", build)}
    return import_members(published, members)

"""The authors' HiFi-GAN generators (github.com/jik876/hifi-gan, MIT) as ours."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from hiervox.models.base.checkpoints.published_config import read_mel, read_sizes
from hiervox.models.vocoder._gan.published import SIZE_KEYS, generator_rules, paired_blocks
from hiervox.models.vocoder.published import HIFIGAN_MEL_KEYS, Imported, import_network
from hiervox.modules.generators.hifigan import HiFiGANGenerator, HiFiGANSizes
from hiervox.processors.mel_presets import HIFIGAN


def import_hifigan(state_dict: dict[str, Tensor], published_config: dict[str, Any]) -> Imported:
    """Map a published `g_*` checkpoint.

    Args:
        state_dict: the authors' tensors by their names.
        published_config: the `config.json` beside the checkpoint.

    Raises:
        CheckpointError: the tensors or the config are not HiFi-GAN's.
    """
    paired = paired_blocks(published_config)
    sizes = read_sizes(HiFiGANSizes, published_config, SIZE_KEYS, paired_blocks=paired)
    mel = read_mel(published_config, HIFIGAN_MEL_KEYS, HIFIGAN)
    return import_network(state_dict, sizes, mel, HiFiGANGenerator, generator_rules(sizes))

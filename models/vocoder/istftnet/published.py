"""iSTFTNet generators of github.com/rishikksh20/iSTFTNet-pytorch (Apache-2.0, unofficial) as ours."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from hiervox.models.base.checkpoints.published_config import read_mel, read_sizes
from hiervox.models.vocoder._gan.published import SIZE_KEYS, generator_rules, paired_blocks
from hiervox.models.vocoder.istftnet.network import ISTFTNet, ISTFTNetSizes
from hiervox.models.vocoder.published import HIFIGAN_MEL_KEYS, Imported, import_network
from hiervox.processors.mel_presets import HIFIGAN

_KEYS = {**SIZE_KEYS, "n_fft": "gen_istft_n_fft", "stft_hop_length": "gen_istft_hop_size"}


def import_istftnet(state_dict: dict[str, Tensor], published_config: dict[str, Any]) -> Imported:
    """Map a published generator.

    Args:
        state_dict: the authors' tensors by their names.
        published_config: the `config.json` beside the checkpoint.

    Raises:
        CheckpointError: the tensors or the config are not iSTFTNet's.
    """
    paired = paired_blocks(published_config)
    sizes = read_sizes(ISTFTNetSizes, published_config, _KEYS, paired_blocks=paired)
    mel = read_mel(published_config, HIFIGAN_MEL_KEYS, HIFIGAN)
    return import_network(state_dict, sizes, mel, ISTFTNet, generator_rules(sizes))

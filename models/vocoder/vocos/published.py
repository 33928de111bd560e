"""The authors' Vocos for mel spectrograms (github.com/gemelo-ai/vocos, MIT) as ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from hiervox.models.base.checkpoints.published_config import read_mel, read_sizes
from hiervox.models.vocoder._gan.published import import_from_state_dict
from hiervox.models.vocoder.published import Imported, Rules, import_network
from hiervox.modules.discriminators.config import DiscriminatorConfig
from hiervox.modules.discriminators.multi_band import MultiBandConfig
from hiervox.modules.discriminators.multi_period import MultiPeriodConfig
from hiervox.modules.generators.vocos import Vocos, VocosSizes
from hiervox.processors.mel_presets import PRESETS

_KEYS = {
    "in_channels": "backbone.init_args.input_channels",
    "channels": "backbone.init_args.dim",
    "hidden_channels": "backbone.init_args.intermediate_dim",
    "n_blocks": "backbone.init_args.num_layers",
    "n_fft": "head.init_args.n_fft",
    "hop_length": "head.init_args.hop_length",
    "padding": "head.init_args.padding",
}
_MEL_KEYS = {
    "sample_rate": "feature_extractor.init_args.sample_rate",
    "n_fft": "feature_extractor.init_args.n_fft",
    "win_length": "feature_extractor.init_args.n_fft",
    "hop_length": "feature_extractor.init_args.hop_length",
    "n_mels": "feature_extractor.init_args.n_mels",
}
_RULES: Rules = (
    (r"^backbone\.embed\.", "backbone.input."),
    (r"^backbone\.convnext\.", "backbone.blocks."),
    (r"^backbone\.final_layer_norm\.", "backbone.last_norm."),
    (r"\.dwconv\.", ".depthwise."),
    (r"\.pwconv1\.", ".expand."),
    (r"\.pwconv2\.", ".contract."),
    (r"\.gamma$", ".scale"),
    (r"^head\.out\.", "output."),
)
_FIXED = r"^(feature_extractor|head\.istft)\."
"""Filters and windows, which follow from their sizes."""


def import_vocos(state_dict: dict[str, Tensor], published_config: dict[str, Any]) -> Imported:
    """Map a published network.

    Args:
        state_dict: the authors' tensors by their names (`pytorch_model.bin`).
        published_config: the `config.yaml` beside it.

    Raises:
        CheckpointError: the tensors or the config are not those of Vocos for mel spectrograms.
    """
    sizes = read_sizes(VocosSizes, published_config, _KEYS)
    base = PRESETS["vocos"]
    if sizes.padding == "same":
        base = base.model_copy(update={"framing": "between"})
    mel = read_mel(published_config, _MEL_KEYS, base)
    return import_network(state_dict, sizes, mel, Vocos, _RULES, _FIXED)


MEMBERS: Mapping[str, tuple[str, DiscriminatorConfig]] = {
    "period": ("multiperioddisc.", MultiPeriodConfig()),
    "band": ("multiresddisc.", MultiBandConfig()),
}


def import_discriminators(published: Mapping[str, dict[str, Tensor]]) -> dict[str, dict[str, Tensor]]:
    """Map the authors' discriminators onto ours, `period` and `band`; see `import_from_state_dict`."""
    return import_from_state_dict(published, MEMBERS)

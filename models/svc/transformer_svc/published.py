"""Checkpoints of Amphion's TransformerSVC (MIT) as ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import torch
from torch import Tensor

from hiervox.models.base.checkpoints.block_names import Rules
from hiervox.models.base.checkpoints.importing import map_tensors
from hiervox.models.base.checkpoints.published_config import reading_published
from hiervox.models.svc._singing.published import (
    RELATIVE_RULES,
    condition_rules,
    condition_sizes,
    own_buffers,
    published_sections,
    singer_sizes,
)
from hiervox.models.svc.transformer_svc.network import (
    MelTransformerSizes,
    TransformerSVC,
    TransformerSVCSizes,
)
from hiervox.utils.config import Config

MAPPER_RULES: Rules = (
    (r"^1\.conformer_encoder\.", "mapper.transformer."),
    (r"^1\.transformer_encoder\.layers\.", "mapper.layers.layers."),
    (r"^1\.(projection|output_mlp)\.", "mapper.projection."),
    *RELATIVE_RULES,
)
POSITIONS = r"^1\.pos_encoder\."
"""Sines, which are computed here."""
KINDS: Mapping[bool, tuple[Literal["relative", "plain"], str, str]] = {
    True: ("relative", "projection", "1.conformer_encoder.ffn_layers.0.conv_1.weight"),
    False: ("plain", "output_mlp", "1.transformer_encoder.layers.0.linear1.weight"),
}
"""Whether the weights are those with relative positions → kind, output layer, and what tells the filters."""


def import_transformer_svc(
    state_dict: dict[str, Tensor], published_config: dict[str, Any]
) -> tuple[dict[str, Config], dict[str, Tensor]]:
    """Map the published network.

    Returns:
        the sections `model` and `features` of a config, and tensors by our names.

    Args:
        state_dict: the authors' tensors by their names.
        published_config: the authors' `args.json`, with `singers`, `mel_min` and `mel_max` added.

    Raises:
        CheckpointError: the tensors or the config are not TransformerSVC's.
    """
    with reading_published():
        transformer = published_config["model"]["transformer"]
        kind, output, filters = KINDS["1.projection.bias" in state_dict]
        sizes = TransformerSVCSizes(
            **singer_sizes(state_dict, published_config),
            condition=condition_sizes(state_dict),
            mel_channels=state_dict[f"1.{output}.bias"].shape[0],
            transformer=MelTransformerSizes(
                kind=kind,
                n_layers=transformer["n_layers"],
                n_heads=transformer["n_heads"],
                filter_channels=state_dict[filters].shape[0],
                dropout=transformer.get("dropout", 0.1),
            ),
        )
        buffers = own_buffers(len(sizes.speakers), sizes.mel_channels, published_config)
    with torch.device("meta"):
        network = TransformerSVC(sizes)
    rules = (*condition_rules(state_dict), *MAPPER_RULES)
    sections = published_sections(sizes, state_dict)
    return sections, map_tensors({**state_dict, **buffers}, rules, network, POSITIONS)

"""Checkpoints of Amphion's DiffComoSVC (MIT) as ours."""

from __future__ import annotations

from typing import Any

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
from hiervox.models.svc._singing.wavenet import gates_first, wavenet_rules, wavenet_sizes
from hiervox.models.svc.diffcomo_svc.network import DiffComoSVC, DiffComoSVCSizes, PriorSizes
from hiervox.utils.config import Config

NETWORK, AVERAGE, TEACHER = "denoise_fn", "denoise_fn_ema", "denoise_fn_pretrained"
PRIOR_RULES: Rules = (
    (r"^1\.encoder\.conformer_encoder\.", "prior.transformer."),
    (r"^1\.encoder\.projection\.", "prior.projection."),
    *RELATIVE_RULES,
)

Imported = tuple[dict[str, Config], dict[str, Tensor]]


def import_teacher(state_dict: dict[str, Tensor], published_config: dict[str, Any]) -> Imported:
    """Map the published teacher, of its own checkpoint or out of that of its student.

    Returns:
        the sections `model` and `features` of a config, and tensors by our names.

    Args:
        state_dict: the authors' tensors by their names.
        published_config: the authors' `args.json`, with `singers`, `mel_min` and `mel_max` added.

    Raises:
        CheckpointError: the tensors or the config are not DiffComoSVC's.
    """
    own = TEACHER if any(f".{TEACHER}." in name for name in state_dict) else NETWORK
    return _imported(state_dict, published_config, {own: "wavenet."})


def import_student(state_dict: dict[str, Tensor], published_config: dict[str, Any]) -> Imported:
    """Map the published student; as `import_teacher`."""
    return _imported(state_dict, published_config, {NETWORK: "wavenet.", AVERAGE: "average."})


def _imported(weights: dict[str, Tensor], published: dict[str, Any], kept: dict[str, str]) -> Imported:
    with reading_published():
        transformer = published["model"]["conformer"]
        cycle = published["model"]["diffusion"]["bidilconv"]["dilation_cycle_length"]
        first = next(iter(kept))
        sizes = DiffComoSVCSizes(
            **singer_sizes(weights, published),
            condition=condition_sizes(weights),
            mel_channels=weights["1.encoder.projection.bias"].shape[0],
            prior=PriorSizes(
                n_layers=transformer["n_layers"],
                n_heads=transformer["n_heads"],
                filter_channels=weights["1.encoder.conformer_encoder.ffn_layers.0.conv_1.bias"].shape[0],
                dropout=transformer.get("dropout", 0.1),
            ),
            wavenet=wavenet_sizes(weights, f"1.decoder.{first}.", cycle),
            student=AVERAGE in kept,
        )
        buffers = own_buffers(len(sizes.speakers), sizes.mel_channels, published)
    with torch.device("meta"):
        network = DiffComoSVC(sizes)
    wavenets = (rule for name, ours in kept.items() for rule in wavenet_rules(rf"1\.decoder\.{name}\.", ours))
    rules = (*condition_rules(weights), *PRIOR_RULES, *wavenets)
    left_out = "|".join(name for name in (NETWORK, AVERAGE, TEACHER) if name not in kept) or "^$"
    tensors = map_tensors(
        {**gates_first(weights), **buffers}, rules, network, rf"^1\.decoder\.({left_out})\."
    )
    return published_sections(sizes, weights), tensors

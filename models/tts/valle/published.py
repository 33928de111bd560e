"""Checkpoints of lifeiteng/vall-e (Apache-2.0) and of those derived from it, such as Amphion's, as ours.

One file holds both decoders: names begin with `ar_` or `nar_`.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from hiervox.models.base.checkpoints.importing import map_tensors
from hiervox.models.tts.valle.config import AutoregressiveConfig, NonAutoregressiveConfig
from hiervox.models.tts.valle.networks.autoregressive import AutoregressiveDecoder
from hiervox.models.tts.valle.networks.non_autoregressive import NonAutoregressiveDecoder
from hiervox.models.tts.valle.phones import PhoneTable
from hiervox.utils.config import Config
from hiervox.utils.errors import CheckpointError

HEAD_CHANNELS = 64  # of every published size: width 1024 has 16 heads
BEGIN, END = 1, 2  # ids of the marks around a text
PROMPTS = {0: "none", 1: "beginning", 2: "excerpt", 4: "excerpt"}

_LAYER_RULES = (
    (r"\.self_attn\.in_proj_", ".attention.query_key_value."),
    (r"\.self_attn\.out_proj\.", ".attention.projection."),
    (r"\.linear1\.", ".expand."),
    (r"\.linear2\.", ".contract."),
    (r"\.norm1\.", ".attention_norm."),
    (r"\.norm2\.", ".feed_forward_norm."),
    (r"\.project_layer\.", ".projection."),
    (r"\.word_embeddings\.", "."),
    (r"_position\.alpha$", "_position.factor"),
)
_AR_RULES = (
    *_LAYER_RULES,
    (r"^ar_text_", "text_"),
    (r"^ar_audio_", "code_"),
    (r"^ar_decoder\.", "transformer."),
    (r"^ar_predict_layer\.", "head."),
)
_NAR_RULES = (
    *_LAYER_RULES,
    (r"^nar_text_", "text_"),
    (r"^nar_audio_", "code_"),
    (r"^nar_decoder\.", "transformer."),
)


def import_autoregressive(
    state_dict: dict[str, Tensor], published_config: dict[str, Any]
) -> tuple[dict[str, Config], dict[str, Tensor]]:
    """Map the autoregressive half of a published checkpoint.

    Args:
        state_dict: tensors by the published names.
        published_config: `nhead`, where it is not the width over 64, and `symbols`, the text symbols of the
            training set as its file lists them, without the model's own `<pad>`, `<bos>` and `<eos>`.

    Returns:
        the sections `model` and `phones`, and the tensors by our names.

    Raises:
        CheckpointError: the tensors are not VALL-E's, or have no rows for all symbols.
    """
    tensors = _half(state_dict, "ar_")
    config = AutoregressiveConfig(
        **_sizes(tensors, "ar", published_config),
        n_codes=len(_tensor(tensors, "ar_predict_layer.weight")) - 1,
    )
    with torch.device("meta"):
        network = AutoregressiveDecoder(config)
    return {"model": config, "phones": _phones(config, published_config)}, map_tensors(
        tensors, _AR_RULES, network
    )


def _phones(config: AutoregressiveConfig, published_config: dict[str, Any]) -> PhoneTable:
    symbols = published_config.get("symbols")
    if symbols is None:
        return PhoneTable()
    table = PhoneTable.of(symbols)
    if len(table.symbols) > config.n_tokens:
        raise CheckpointError(
            f"{len(table.symbols)} symbols, but the text table has {config.n_tokens} rows",
            "take the list of symbols that the model was trained with",
        )
    return table


def import_non_autoregressive(
    state_dict: dict[str, Tensor], published_config: dict[str, Any]
) -> tuple[NonAutoregressiveConfig, dict[str, Tensor]]:
    """Map the non-autoregressive half of a published checkpoint.

    Args:
        state_dict: tensors by the published names.
        published_config: `nhead`, where it is not the width over 64, and `prefix_mode`, where it is not 1.

    Raises:
        CheckpointError: the tensors are not VALL-E's.
    """
    tensors = _half(state_dict, "nar_")
    n_codebooks = sum(name.startswith("nar_audio_embeddings.") for name in tensors)
    mode = published_config.get("prefix_mode", 1)
    if mode not in PROMPTS:
        raise CheckpointError(f"there is no prefix mode {mode}", "set prefix_mode to 0, 1, 2 or 4")
    config = NonAutoregressiveConfig(
        **_sizes(tensors, "nar", published_config),
        n_codes=len(_tensor(tensors, f"nar_predict_layers.{n_codebooks - 2}.weight")),
        n_codebooks=n_codebooks,
        prompt=PROMPTS[mode],
    )
    stages = [
        tensors.pop(f"nar_stage_embeddings.{stage}.word_embeddings.weight")
        for stage in range(n_codebooks - 1)
    ]
    tensors["stage_embedding.weight"] = torch.cat(stages)
    rules = (*_NAR_RULES, (rf"^nar_predict_layers\.{n_codebooks - 2}\.", "last_head."))
    with torch.device("meta"):
        network = NonAutoregressiveDecoder(config)
    # The other output matrices are embedding tables, and stand in files twice.
    others = rf"^nar_predict_layers\.(?!{n_codebooks - 2}\.)"
    return config, map_tensors(tensors, rules, network, ignored=others)


def _half(state_dict: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name: tensor for name, tensor in state_dict.items() if name.startswith(prefix)}


def _tensor(tensors: dict[str, Tensor], name: str) -> Tensor:
    if name not in tensors:
        raise CheckpointError(f"the weights have no {name}", "name a checkpoint of VALL-E")
    return tensors[name]


def _sizes(tensors: dict[str, Tensor], half: str, published_config: dict[str, Any]) -> dict[str, Any]:
    """What both decoders' configs have in common."""
    n_tokens, channels = _tensor(tensors, f"{half}_text_embedding.word_embeddings.weight").shape
    layers = [name for name in tensors if name.endswith(".linear1.weight")]
    return {
        "n_tokens": n_tokens,
        "begin": BEGIN,
        "end": END,
        "channels": channels,
        "filter_channels": len(_tensor(tensors, f"{half}_decoder.layers.0.linear1.weight")),
        "n_heads": published_config.get("nhead", channels // HEAD_CHANNELS),
        "n_layers": len(layers),
    }

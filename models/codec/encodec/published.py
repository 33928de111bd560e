"""Published EnCodec weights as ours: the authors' files, and those of transformers' `EncodecModel`."""

from __future__ import annotations

import re
from typing import Any

import torch
from torch import Tensor

from hiervox.models.base.checkpoints.importing import map_tensors
from hiervox.models.codec.encodec.config import ENCODEC_24KHZ, ENCODEC_48KHZ, EncodecConfig
from hiervox.models.codec.encodec.networks.encodec import Encodec
from hiervox.utils.errors import CheckpointError

# From transformers' names to the authors'.
_TRANSFORMERS_RULES = (
    (r"^quantizer\.layers\.(\d+)\.codebook\.", r"quantizer.vq.layers.\1._codebook."),
    (r"^(encoder|decoder)\.layers\.(.*)\bconv\.", r"\1.model.\2conv.conv."),
    (r"^(encoder|decoder)\.layers\.(.*)\bnorm\.", r"\1.model.\2conv.norm."),
    (r"^(encoder|decoder)\.layers\.", r"\1.model."),
)
_BUFFER_NAMES = {
    "embed": "entries",
    "embed_avg": "entry_sums",
    "cluster_size": "usage",
    "inited": "initialized",
}


def import_encodec(
    state_dict: dict[str, Tensor], published_config: dict[str, Any]
) -> tuple[EncodecConfig, dict[str, Tensor]]:
    """Map a published checkpoint of either model.

    Args:
        state_dict: the tensors by the authors' names or by those of transformers.
        published_config: nothing is read from it: the tensors tell the two models apart.

    Raises:
        CheckpointError: the tensors are not EnCodec's.
    """
    tensors = {_authors_name(name): tensor for name, tensor in state_dict.items()}
    config = _config_of(tensors)
    tensors = _with_averages(tensors)
    with torch.device("meta"):
        network = Encodec(config)
    return config, map_tensors(tensors, _rules(len(config.strides)), network)


def _authors_name(name: str) -> str:
    """The authors' name of a tensor that transformers may have renamed."""
    for pattern, replacement in _TRANSFORMERS_RULES:
        name = re.sub(pattern, replacement, name)
    return name.replace(".convtr.convtr.", ".conv.conv.").replace(".convtr.norm.", ".conv.norm.")


def _config_of(tensors: dict[str, Tensor]) -> EncodecConfig:
    """The published model that has these tensors, with the number of codebooks that they have."""
    books = {name for name in tensors if name.endswith("._codebook.embed")}
    if not books or "encoder.model.0.conv.conv.bias" not in tensors:
        raise CheckpointError("the tensors are not EnCodec's", "name a checkpoint of the 24 or 48 kHz model")
    grouped = "encoder.model.0.conv.norm.weight" in tensors
    config = ENCODEC_48KHZ if grouped else ENCODEC_24KHZ
    fitting = [rate for rate in config.bandwidths if config.codebooks_for(rate) <= len(books)]
    return config.model_copy(update={"n_codebooks": len(books), "bandwidths": tuple(fitting)})


def _with_averages(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Fill in what training needs of a codebook, where a file lacks it, and say that it is initialised."""
    filled = dict(tensors)
    for name in tensors:
        if not name.endswith("._codebook.embed"):
            continue
        book = name.removesuffix("embed")
        filled.setdefault(f"{book}embed_avg", tensors[name].clone())
        filled.setdefault(f"{book}cluster_size", torch.ones(len(tensors[name])))
        filled[f"{book}inited"] = torch.ones(1)
    return filled


def _rules(n_stages: int) -> list[tuple[str, str]]:
    """From the authors' names to ours: theirs number the layers of a sequence, activations included."""
    rules = [
        (r"\.block\.1\.conv\.", ".contract."),
        (r"\.block\.3\.conv\.", ".expand."),
        (r"\.shortcut\.conv\.", ".skip."),
        (r"\.conv\.(conv|norm)\.", r".\1."),
        (r"^encoder\.model\.0\.", "encoder.input."),
        (rf"^encoder\.model\.{3 * n_stages + 1}\.", "encoder.recurrent."),
        (rf"^encoder\.model\.{3 * n_stages + 3}\.", "encoder.output."),
        (r"^decoder\.model\.0\.", "decoder.input."),
        (r"^decoder\.model\.1\.", "decoder.recurrent."),
        (rf"^decoder\.model\.{3 * n_stages + 3}\.", "decoder.output."),
    ]
    for stage in range(n_stages):
        rules += [
            (rf"^encoder\.model\.{3 * stage + 1}\.", f"encoder.blocks.{stage}."),
            (rf"^encoder\.model\.{3 * stage + 3}\.", f"encoder.downs.{stage}."),
            (rf"^decoder\.model\.{3 * stage + 3}\.", f"decoder.ups.{stage}."),
            (rf"^decoder\.model\.{3 * stage + 4}\.", f"decoder.blocks.{stage}."),
        ]
    for theirs, ours in _BUFFER_NAMES.items():
        rules.append(
            (rf"^quantizer\.vq\.layers\.(\d+)\._codebook\.{theirs}$", rf"quantizer.codebooks.\1.{ours}")
        )
    return rules

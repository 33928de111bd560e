"""Published F5-TTS and E2 TTS (github.com/SWivid/F5-TTS, MIT; weights CC BY-NC 4.0) as ours."""

from __future__ import annotations

import re
from typing import Any

import torch
from torch import Tensor

from hiervox.models.base.checkpoints.block_names import Rules
from hiervox.models.base.checkpoints.importing import map_tensors
from hiervox.models.base.checkpoints.published_config import reading_published
from hiervox.models.base.data.setup import FeaturesConfig
from hiervox.models.tts.f5_tts.networks.f5_tts import F5Tts, F5TtsConfig
from hiervox.models.tts.f5_tts.networks.text_encoder import TextEncoderSizes
from hiervox.processors.mel_presets import mel_preset
from hiervox.processors.text.characters import CharacterTable
from hiervox.utils.config import Config
from hiervox.utils.errors import CheckpointError

HEAD_CHANNELS = 64  # of every published size
MELS = {"vocos": "f5_tts", "bigvgan": "bigvgan_24k"}
SKIPS = {"concat": "concatenated", "add": "added", "none": "none"}
IGNORED = r"^(initted|step|mel_spec\..*|transformer\.rotary_embed\.inv_freq)$"

_ATTENTION: Rules = (
    (r"\.to_out\.0\.", ".projection."),
    (r"\.q_norm\.", ".query_norm."),
    (r"\.k_norm\.", ".key_norm."),
    (r"\.ff\.0\.0\.", ".expand."),
    (r"\.ff\.2\.", ".contract."),
)
_RULES: Rules = (
    (r"^transformer\.", ""),
    *_ATTENTION,
    (r"^time_embed\.time_mlp\.0\.", "time.1."),
    (r"^time_embed\.time_mlp\.2\.", "time.3."),
    (r"^text_embed\.text_embed\.", "text_encoder.embedding."),
    (r"^text_embed\.text_blocks\.(\d+)\.", r"text_encoder.blocks.\1."),
    (r"\.dwconv\.", ".depthwise."),
    (r"\.pwconv1\.", ".expand."),
    (r"\.pwconv2\.", ".contract."),
    (r"\.grn\.", ".response_norm."),
    (r"^input_embed\.proj\.", "input."),
    (r"^input_embed\.conv_pos_embed\.conv1d\.0\.", "position.convolutions.0."),
    (r"^input_embed\.conv_pos_embed\.conv1d\.2\.", "position.convolutions.1."),
    (r"^transformer_blocks\.(\d+)\.attn_norm\.linear\.", r"backbone.blocks.\1.modulation."),
    (r"^transformer_blocks\.(\d+)\.attn\.", r"backbone.blocks.\1.attention."),
    (r"^transformer_blocks\.(\d+)\.ff\.", r"backbone.blocks.\1.feed_forward."),
    (r"^long_skip_connection\.", "backbone.long_skip."),
    (r"^layers\.(\d+)\.0\.", r"backbone.blocks.\1.join."),
    (r"^layers\.(\d+)\.1\.g$", r"backbone.blocks.\1.attention_norm.gain"),
    (r"^layers\.(\d+)\.2\.", r"backbone.blocks.\1.attention."),
    (r"^layers\.(\d+)\.3\.g$", r"backbone.blocks.\1.feed_forward_norm.gain"),
    (r"^layers\.(\d+)\.4\.", r"backbone.blocks.\1.feed_forward."),
    (r"^norm_out\.linear\.", "backbone.modulation."),
    (r"^norm_out\.g$", "backbone.norm.gain"),
    (r"^proj_out\.", "output."),
)


def import_f5_tts(
    state_dict: dict[str, Tensor], published_config: dict[str, Any]
) -> tuple[dict[str, Config], dict[str, Tensor]]:
    """Map a published checkpoint, of averaged weights where the file says so.

    Args:
        state_dict: the authors' tensors by their names, which may begin with `ema_model.`.
        published_config: `symbols`, the lines of the `vocab.txt` beside the checkpoint; `arch`, that section
            of the authors' config, of which `text_mask_padding`, `pe_attn_head`, `attn_mask_enabled`,
            `text_embedding_average_upsampling` and `skip_connect_type` are read; `mel_spec_type`, where it is
            not vocos.

    Returns:
        the sections `model`, `features` and `mel` of a config, and tensors by our names.

    Raises:
        CheckpointError: the tensors or the config are not F5-TTS' or E2 TTS'.
    """
    tensors = {name.removeprefix("ema_model."): tensor for name, tensor in state_dict.items()}
    with reading_published():
        config = _config(tensors, published_config.get("arch", {}))
        sections: dict[str, Config] = {"model": config}
        sections["mel"] = mel_preset(MELS[published_config.get("mel_spec_type", "vocos")])
    sections["features"] = FeaturesConfig(characters=_table(config, published_config))
    with torch.device("meta"):
        network = F5Tts(config)
    return sections, map_tensors(_joined(tensors), _RULES, network, ignored=IGNORED)


def _config(tensors: dict[str, Tensor], arch: dict[str, Any]) -> F5TtsConfig:
    n_symbols, text_channels = tensors["transformer.text_embed.text_embed.weight"].shape
    mel_channels, channels = tensors["transformer.proj_out.weight"].shape
    is_unet = "transformer.layers.0.1.g" in tensors
    first = "transformer.layers.0.2" if is_unet else "transformer.transformer_blocks.0.attn"
    feed_forward = "transformer.layers.0.4" if is_unet else "transformer.transformer_blocks.0.ff"
    normed = f"{first}.q_norm.weight" in tensors
    head_channels = len(tensors[f"{first}.q_norm.weight"]) if normed else arch.get("dim_head", HEAD_CHANNELS)
    joins = any(re.fullmatch(r"transformer\.layers\.\d+\.0\.weight", name) for name in tensors)
    return F5TtsConfig(
        n_symbols=n_symbols,
        mel_channels=mel_channels,
        channels=channels,
        n_layers=_count(tensors, "transformer.layers." if is_unet else "transformer.transformer_blocks."),
        n_heads=len(tensors[f"{first}.to_q.weight"]) // head_channels,
        head_channels=head_channels,
        filter_channels=len(tensors[f"{feed_forward}.ff.0.0.weight"]),
        dropout=arch.get("dropout", 0.1),
        rotated_heads=arch.get("pe_attn_head"),
        query_key_norm=normed,
        masks_attention=arch.get("attn_mask_enabled", False),
        text=TextEncoderSizes(
            channels=text_channels,
            n_blocks=_count(tensors, "transformer.text_embed.text_blocks."),
            masks_filler=arch.get("text_mask_padding", True),
            spreads_evenly=arch.get("text_embedding_average_upsampling", False),
        ),
        backbone="unet" if is_unet else "dit",
        long_skip="transformer.long_skip_connection.weight" in tensors,
        skips=SKIPS["concat" if joins else arch.get("skip_connect_type", "none")],
    )


def _count(tensors: dict[str, Tensor], beginning: str) -> int:
    """How many numbered modules there are under a name."""
    return len({name[len(beginning) :].split(".")[0] for name in tensors if name.startswith(beginning)})


def _table(config: F5TtsConfig, published: dict[str, Any]) -> CharacterTable:
    symbols = published.get("symbols")
    if symbols is None:
        raise CheckpointError(
            "the published config lacks symbols", "write the lines of the checkpoint's vocab.txt there"
        )
    table = CharacterTable(symbols=tuple(symbols))
    if len(table.symbols) >= config.n_symbols:
        raise CheckpointError(
            f"{len(table.symbols)} symbols, but the table of the weights has {config.n_symbols} rows, one of "
            "them the filler's",
            "take the vocab.txt that the model was trained with",
        )
    return table


def _joined(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """With the three projections of each attention as one, and response norms as vectors."""
    joined = {}
    for name, tensor in tensors.items():
        if ".to_k." in name or ".to_v." in name:
            continue
        if ".to_q." in name:
            parts = [tensors[name.replace(".to_q.", f".to_{which}.")] for which in "qkv"]
            joined[name.replace(".to_q.", ".query_key_value.")] = torch.cat(parts)
        else:
            joined[name] = tensor.flatten() if ".grn." in name else tensor
    return joined

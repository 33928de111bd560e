"""The authors' Matcha-TTS checkpoints (github.com/shivammehta25/Matcha-TTS, MIT) as ours."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from hiervox.models.base.checkpoints.block_names import ATTENTION_RULES, TRANSFORMER_RULES, Rules
from hiervox.models.base.checkpoints.importing import map_tensors
from hiervox.models.base.checkpoints.published_config import reading_published
from hiervox.models.tts.matcha_tts.config import MatchaConfig, MatchaDurationSizes
from hiervox.models.tts.matcha_tts.networks.matcha_tts import MatchaTts
from hiervox.models.tts.matcha_tts.networks.text_encoder import MatchaTextEncoderSizes
from hiervox.models.tts.matcha_tts.networks.velocity import VelocityUNetSizes
from hiervox.utils.config import Config

ACTIVATIONS = {"snakebeta": "snake_beta", "gelu": "gelu", "geglu": "geglu"}


def import_matcha_tts(
    state_dict: dict[str, Tensor], published_config: dict[str, Any]
) -> tuple[dict[str, Config], dict[str, Tensor]]:
    """Map a published checkpoint, of one speaker or of many.

    Returns:
        the section `model` of a config, and tensors by our names.

    Args:
        state_dict: the authors' tensors by their names, `mel_mean` and `mel_std` among them.
        published_config: the checkpoint's `hyper_parameters` as JSON: `encoder`, `decoder`, `spk_emb_dim`.

    Raises:
        CheckpointError: the tensors or the config are not Matcha-TTS'.
    """
    with reading_published():
        config = _config(state_dict, published_config)
    with torch.device("meta"):
        network = MatchaTts(config)
    own = {name: tensor for name, tensor in state_dict.items() if name not in ("mel_mean", "mel_std")}
    return {"model": config}, map_tensors(own, _rules(config), network)


def _config(tensors: dict[str, Tensor], published: dict[str, Any]) -> MatchaConfig:
    encoder, durations = (published["encoder"][f"{of}_params"] for of in ("encoder", "duration_predictor"))
    speakers, style_channels = tensors["spk_emb.weight"].shape if "spk_emb.weight" in tensors else (0, 1)
    return MatchaConfig(
        n_symbols=tensors["encoder.emb.weight"].shape[0],
        mel_channels=encoder["n_feats"],
        channels=encoder["n_channels"],
        voice="table" if speakers else "none",
        speakers=tuple(str(number) for number in range(speakers)),
        style_channels=style_channels,
        text_encoder=MatchaTextEncoderSizes(
            filter_channels=encoder["filter_channels"],
            n_heads=encoder["n_heads"],
            n_layers=encoder["n_layers"],
            kernel_size=encoder["kernel_size"],
            dropout=encoder["p_dropout"],
            prenet_layers=3 if encoder["prenet"] else 0,
        ),
        duration=MatchaDurationSizes(
            filter_channels=durations["filter_channels_dp"],
            kernel_size=durations["kernel_size"],
            dropout=durations["p_dropout"],
        ),
        decoder=read_decoder(published["decoder"]),
        mel_mean=float(tensors["mel_mean"]),
        mel_std=float(tensors["mel_std"]),
    )


def read_decoder(published: dict[str, Any]) -> VelocityUNetSizes:
    """Sizes of the U-Net by the published section `decoder`.

    Raises:
        KeyError: of a section that lacks something, or has several kinds of blocks.
    """
    kinds = {published.get(f"{place}_block_type", "transformer") for place in ("down", "mid", "up")}
    if len(kinds) > 1:
        raise KeyError(f"one kind of block for {', '.join(sorted(kinds))}")
    return VelocityUNetSizes(
        channels=tuple(published["channels"]),
        n_blocks=published["n_blocks"],
        block=kinds.pop(),
        n_middle=published["num_mid_blocks"],
        n_heads=published["num_heads"],
        head_channels=published["attention_head_dim"],
        activation=ACTIVATIONS[published["act_fn"]],
        dropout=published["dropout"],
        attends_to_padding=True,
    )


def _rules(config: MatchaConfig) -> Rules:
    return (
        *(
            (rf"^encoder\.proj_w\.{kind}_{layer + 1}\.", f"duration_predictor.{kind}s.{layer}.")
            for layer in range(2)
            for kind in ("conv", "norm")
        ),
        (r"^encoder\.proj_w\.proj\.", "duration_predictor.projection."),
        (r"^encoder\.prenet\.conv_layers\.", "text_encoder.prenet.convs."),
        (r"^encoder\.prenet\.norm_layers\.", "text_encoder.prenet.norms."),
        (r"^encoder\.prenet\.proj\.", "text_encoder.prenet.projection."),
        *ATTENTION_RULES,
        *TRANSFORMER_RULES,
        (r"^spk_emb\.", "speaker_table."),
        (r"^encoder\.emb\.", "text_encoder.embedding."),
        (r"^encoder\.encoder\.", "text_encoder.transformer."),
        (r"^encoder\.proj_m\.", "text_encoder.projection."),
        *decoder_rules(),
    )


def decoder_rules(published: str = "decoder.estimator.", ours: str = "decoder.") -> Rules:
    """Rules of the U-Net, by what its names begin with, as patterns."""
    block = rf"^{ours}(\w+\.\d+)\."
    return (
        (rf"^{published}time_mlp\.linear_1\.", f"{ours}time.0."),
        (rf"^{published}time_mlp\.linear_2\.", f"{ours}time.2."),
        (rf"^{published}(down|up)_blocks\.(\d+)\.0\.", rf"{ours}\1s.\2.resnet."),
        (rf"^{published}(down|up)_blocks\.(\d+)\.1\.", rf"{ours}\1s.\2.blocks."),
        (rf"^{published}(down|up)_blocks\.(\d+)\.2\.(?:conv\.)?", rf"{ours}\1samples.\2."),
        (rf"^{published}mid_blocks\.(\d+)\.0\.", rf"{ours}middle.\1.resnet."),
        (rf"^{published}mid_blocks\.(\d+)\.1\.", rf"{ours}middle.\1.blocks."),
        (rf"{block}resnet\.mlp\.1\.", rf"{ours}\1.resnet.time."),
        (rf"{block}resnet\.block1\.block\.0\.", rf"{ours}\1.resnet.first.convolution."),
        (rf"{block}resnet\.block1\.block\.1\.", rf"{ours}\1.resnet.first.norm."),
        (rf"{block}resnet\.block2\.block\.0\.", rf"{ours}\1.resnet.second.convolution."),
        (rf"{block}resnet\.block2\.block\.1\.", rf"{ours}\1.resnet.second.norm."),
        (rf"{block}resnet\.res_conv\.", rf"{ours}\1.resnet.skip."),
        (rf"{block}blocks\.(\d+)\.norm1\.", rf"{ours}\1.blocks.\2.attention_norm."),
        (rf"{block}blocks\.(\d+)\.norm3\.", rf"{ours}\1.blocks.\2.feed_forward_norm."),
        (rf"{block}blocks\.(\d+)\.attn1\.to_q\.", rf"{ours}\1.blocks.\2.query."),
        (rf"{block}blocks\.(\d+)\.attn1\.to_k\.", rf"{ours}\1.blocks.\2.key."),
        (rf"{block}blocks\.(\d+)\.attn1\.to_v\.", rf"{ours}\1.blocks.\2.value."),
        (rf"{block}blocks\.(\d+)\.attn1\.to_out\.0\.", rf"{ours}\1.blocks.\2.output."),
        (rf"{block}blocks\.(\d+)\.ff\.net\.0\.(alpha|beta)", rf"{ours}\1.blocks.\2.expand.snake.\3"),
        (rf"{block}blocks\.(\d+)\.ff\.net\.0\.proj\.", rf"{ours}\1.blocks.\2.expand.projection."),
        (rf"{block}blocks\.(\d+)\.ff\.net\.2\.", rf"{ours}\1.blocks.\2.contract."),
        (rf"{block}blocks\.(\d+)\.ff1\.fn\.fn\.net\.0\.", rf"{ours}\1.blocks.\2.first.expand."),
        (rf"{block}blocks\.(\d+)\.ff1\.fn\.fn\.net\.3\.", rf"{ours}\1.blocks.\2.first.contract."),
        (rf"{block}blocks\.(\d+)\.ff1\.fn\.norm\.", rf"{ours}\1.blocks.\2.first.norm."),
        (rf"{block}blocks\.(\d+)\.ff2\.fn\.fn\.net\.0\.", rf"{ours}\1.blocks.\2.second.expand."),
        (rf"{block}blocks\.(\d+)\.ff2\.fn\.fn\.net\.3\.", rf"{ours}\1.blocks.\2.second.contract."),
        (rf"{block}blocks\.(\d+)\.ff2\.fn\.norm\.", rf"{ours}\1.blocks.\2.second.norm."),
        (rf"{block}blocks\.(\d+)\.attn\.norm\.", rf"{ours}\1.blocks.\2.attention.norm."),
        (rf"{block}blocks\.(\d+)\.attn\.fn\.to_q\.", rf"{ours}\1.blocks.\2.attention.query."),
        (rf"{block}blocks\.(\d+)\.attn\.fn\.to_kv\.", rf"{ours}\1.blocks.\2.attention.key_value."),
        (rf"{block}blocks\.(\d+)\.attn\.fn\.to_out\.", rf"{ours}\1.blocks.\2.attention.output."),
        (rf"{block}blocks\.(\d+)\.attn\.fn\.rel_pos_emb\.", rf"{ours}\1.blocks.\2.attention.distances."),
        (rf"{block}blocks\.(\d+)\.conv\.net\.0\.", rf"{ours}\1.blocks.\2.convolution.norm."),
        (rf"{block}blocks\.(\d+)\.conv\.net\.2\.", rf"{ours}\1.blocks.\2.convolution.expand."),
        (rf"{block}blocks\.(\d+)\.conv\.net\.4\.conv\.", rf"{ours}\1.blocks.\2.convolution.depthwise."),
        (rf"{block}blocks\.(\d+)\.conv\.net\.5\.", rf"{ours}\1.blocks.\2.convolution.batch_norm."),
        (rf"{block}blocks\.(\d+)\.conv\.net\.7\.", rf"{ours}\1.blocks.\2.convolution.contract."),
        (rf"{block}blocks\.(\d+)\.post_norm\.", rf"{ours}\1.blocks.\2.norm."),
        (rf"^{published}final_block\.block\.0\.", f"{ours}final.convolution."),
        (rf"^{published}final_block\.block\.1\.", f"{ours}final.norm."),
        (rf"^{published}final_proj\.", f"{ours}projection."),
    )

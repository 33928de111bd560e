"""Names that published checkpoints give to the autoencoder and to the U-Net."""

from __future__ import annotations

import re
from collections.abc import Mapping

from torch import Tensor

from hiervox.models.base.checkpoints.block_names import Rules
from hiervox.models.tta._latent.autoencoder import MelAutoencoderSizes
from hiervox.models.tta._latent.unet import LatentUNetSizes

_BLOCK: Rules = ((r"\.nin_shortcut\.", ".skip."),)
_TRANSFORMER: Rules = (
    (r"\.transformer_blocks\.0\.attn1\.", ".self_attention."),
    (r"\.transformer_blocks\.0\.attn2\.", ".cross_attention."),
    (r"\.transformer_blocks\.0\.ff\.net\.0\.proj\.", ".feed_forward.input."),
    (r"\.transformer_blocks\.0\.ff\.net\.2\.", ".feed_forward.output."),
    (r"\.transformer_blocks\.0\.", "."),
    (r"\.to_q\.", ".query."),
    (r"\.to_k\.", ".key."),
    (r"\.to_v\.", ".value."),
    (r"\.to_out\.0\.", ".output."),
    (r"\.proj_in\.", ".input."),
    (r"\.proj_out\.", ".output."),
)
_OPENAI_BLOCK: Rules = (
    (r"\.in_layers\.0\.", ".norm1."),
    (r"\.in_layers\.2\.", ".conv1."),
    (r"\.emb_layers\.1\.", ".step."),
    (r"\.out_layers\.0\.", ".norm2."),
    (r"\.out_layers\.3\.", ".conv2."),
    (r"\.skip_connection\.", ".skip."),
)


def autoencoder_rules(sizes: MelAutoencoderSizes) -> Rules:
    """Rules of the autoencoder (CompVis/latent-diffusion's names)."""
    last = len(sizes.multipliers) - 1
    return (
        (r"^quant_conv\.", "moments."),
        (r"^post_quant_conv\.", "expand."),
        (r"\.conv_in\.", ".input."),
        (r"\.conv_out\.", ".output."),
        (r"\.norm_out\.", ".norm."),
        (r"\.mid\.block_1\.", ".middle.first."),
        (r"\.mid\.block_2\.", ".middle.second."),
        (r"\.mid\.attn_1\.q\.", ".middle.attention.query."),
        (r"\.mid\.attn_1\.k\.", ".middle.attention.key."),
        (r"\.mid\.attn_1\.v\.", ".middle.attention.value."),
        (r"\.mid\.attn_1\.proj_out\.", ".middle.attention.output."),
        (r"\.mid\.attn_1\.", ".middle.attention."),
        (r"\.down\.(\d+)\.block\.(\d+)\.", r".levels.\1.\2."),
        (r"\.down\.(\d+)\.downsample\.conv\.", r".downsamples.\1."),
        *((rf"\.up\.{level}\.block\.", f".levels.{last - level}.") for level in range(last + 1)),
        *((rf"\.up\.{level}\.upsample\.", f".upsamples.{last - level}.") for level in range(last + 1)),
        *_BLOCK,
    )


def autoencoder_sizes(tensors: Mapping[str, Tensor], n_mels: int) -> MelAutoencoderSizes:
    """Sizes of an autoencoder, from its weights.

    Args:
        tensors: by the names of CompVis/latent-diffusion.
        n_mels: bins of its spectrograms.
    """
    levels = _count(tensors, r"encoder\.down\.(\d+)\.")
    blocks = _count(tensors, r"encoder\.down\.0\.block\.(\d+)\.")
    channels = tensors["encoder.conv_in.weight"].shape[0]
    widths = [tensors[f"encoder.down.{level}.block.0.conv1.weight"].shape[0] for level in range(levels)]
    return MelAutoencoderSizes(
        n_mels=n_mels,
        channels=channels,
        multipliers=tuple(width // channels for width in widths),
        n_blocks=blocks,
        latent_channels=tensors["post_quant_conv.weight"].shape[0],
        attention="encoder.mid.attn_1.q.weight" in tensors,
    )


def openai_rules(sizes: LatentUNetSizes) -> Rules:
    """Rules of a U-Net with the names of openai/guided-diffusion, whose blocks are counted through."""
    rules: list[tuple[str, str]] = [
        (r"^time_embed\.", "step.layers."),
        (r"^input_blocks\.0\.0\.", "input."),
        (r"^middle_block\.0\.", "middle.first."),
        (r"^middle_block\.1\.", "middle.transformer."),
        (r"^middle_block\.2\.", "middle.second."),
        (r"^out\.0\.", "norm."),
        (r"^out\.2\.", "output."),
    ]
    levels, count = len(sizes.multipliers), 1
    for level in range(levels):
        for block in range(sizes.n_blocks):
            rules += _openai_level("input_blocks", count, f"downs.{level}", block)
            count += 1
        rules.append((rf"^input_blocks\.{count}\.0\.op\.", f"downsamples.{level}."))
        count += level < levels - 1
    count = 0
    for level in range(levels):
        for block in range(sizes.n_blocks + 1):
            rules.append((rf"^output_blocks\.{count}\.\d\.conv\.", f"upsamples.{level}.conv."))
            rules += _openai_level("output_blocks", count, f"ups.{level}", block)
            count += 1
    return (*rules, *_OPENAI_BLOCK, *_TRANSFORMER)


def _openai_level(published: str, count: int, ours: str, block: int) -> Rules:
    return (
        (rf"^{published}\.{count}\.0\.(?!op)", f"{ours}.blocks.{block}."),
        (rf"^{published}\.{count}\.1\.(?!conv)", f"{ours}.transformers.{block}."),
    )


def openai_sizes(tensors: Mapping[str, Tensor], n_heads: int, n_blocks: int) -> LatentUNetSizes:
    """Sizes of a U-Net of these names, from its weights.

    Args:
        tensors: by its names.
        n_heads: of every attention.
        n_blocks: of a level.
    """
    channels = tensors["input_blocks.0.0.weight"].shape[0]
    blocks = _count(tensors, r"input_blocks\.(\d+)\.")
    firsts = range(1, blocks, n_blocks + 1)
    widths = [tensors[f"input_blocks.{number}.0.in_layers.2.weight"].shape[0] for number in firsts]
    attends = tuple(f"input_blocks.{number}.1.norm.weight" in tensors for number in firsts)
    context = tensors["middle_block.1.transformer_blocks.0.attn2.to_k.weight"].shape[1]
    return LatentUNetSizes(
        channels=channels,
        multipliers=tuple(width // channels for width in widths),
        n_blocks=n_blocks,
        attention=attends,
        n_heads=(n_heads,) * len(widths),
        context_channels=context,
    )


_DIFFUSERS_BLOCK: Rules = ((r"\.time_emb_proj\.", ".step."), (r"\.conv_shortcut\.", ".skip."))


def diffusers_rules(sizes: LatentUNetSizes) -> Rules:
    """Rules of a U-Net with the names of diffusers."""
    return (
        (r"^time_embedding\.linear_1\.", "step.layers.0."),
        (r"^time_embedding\.linear_2\.", "step.layers.2."),
        (r"^conv_in\.", "input."),
        (r"^conv_norm_out\.", "norm."),
        (r"^conv_out\.", "output."),
        (r"^mid_block\.resnets\.0\.", "middle.first."),
        (r"^mid_block\.resnets\.1\.", "middle.second."),
        (r"^mid_block\.attentions\.0\.", "middle.transformer."),
        (r"^(down|up)_blocks\.(\d+)\.resnets\.", r"\1s.\2.blocks."),
        (r"^(down|up)_blocks\.(\d+)\.attentions\.", r"\1s.\2.transformers."),
        (r"^down_blocks\.(\d+)\.downsamplers\.0\.conv\.", r"downsamples.\1."),
        (r"^up_blocks\.(\d+)\.upsamplers\.0\.conv\.", r"upsamples.\1.conv."),
        *_DIFFUSERS_BLOCK,
        *_TRANSFORMER,
    )


def diffusers_sizes(
    tensors: Mapping[str, Tensor], n_heads: tuple[int, ...], n_blocks: int
) -> LatentUNetSizes:
    """Sizes of a U-Net of these names, from its weights.

    Args:
        tensors: by its names.
        n_heads: of each level.
        n_blocks: of a level.
    """
    channels = tensors["conv_in.weight"].shape[0]
    levels = range(_count(tensors, r"down_blocks\.(\d+)\."))
    widths = [tensors[f"down_blocks.{level}.resnets.0.conv1.weight"].shape[0] for level in levels]
    context = tensors["mid_block.attentions.0.transformer_blocks.0.attn2.to_k.weight"].shape[1]
    return LatentUNetSizes(
        channels=channels,
        multipliers=tuple(width // channels for width in widths),
        n_blocks=n_blocks,
        attention=tuple(f"down_blocks.{level}.attentions.0.norm.weight" in tensors for level in levels),
        n_heads=n_heads,
        context_channels=context,
    )


def as_linear(tensors: Mapping[str, Tensor], pattern: str) -> dict[str, Tensor]:
    """Tensors of which 1 × 1 convolutions that match a pattern are projections."""
    return {
        name: tensor[:, :, 0, 0] if tensor.dim() == 4 and re.search(pattern, name) else tensor
        for name, tensor in tensors.items()
    }


def under(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """The tensors whose names begin with a prefix, without it."""
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}


def _count(tensors: Mapping[str, Tensor], pattern: str) -> int:
    """One more than the largest number in names that begin with a pattern."""
    found = [int(match[1]) for name in tensors if (match := re.match(pattern, name))]
    if not found:
        raise KeyError(pattern)
    return max(found) + 1

"""The authors' synthesizer checkpoints (github.com/sh-lee-prml/HierSpeechpp, MIT) as ours."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from hiervox.models.base.checkpoints.block_names import (
    ATTENTION_RULES,
    TRANSFORMER_RULES,
    WAVENET_RULES,
    Rules,
)
from hiervox.models.base.checkpoints.importing import map_tensors
from hiervox.models.base.checkpoints.published_config import HINT, reading_published
from hiervox.models.tts._hierarchy.config import SynthesizerConfig
from hiervox.models.tts._hierarchy.networks.synthesizer import HierarchicalSynthesizer
from hiervox.models.tts.hierspeechpp.published.blocks import STYLE_ENCODER_RULES, flow_rules
from hiervox.utils.errors import CheckpointError

NULL_STYLE = "null_style"
PUBLISHED_NULL_STYLE = "emb.weight"

AMP_RULES: Rules = (
    (r"\bconvs1\.", "dilated_convs."),
    (r"\bconvs2\.", "plain_convs."),
    (r"\bactivations\.(\d+)\.act\.", r"activations.\1.activation."),
    (r"\bactivation_post\.act\.", "activation.activation."),
)
IGNORED = r"\.filter$"  # low-pass filters, which follow from their sizes


def import_synthesizer(
    state_dict: dict[str, Tensor], published_config: dict[str, Any]
) -> tuple[SynthesizerConfig, dict[str, Tensor]]:
    """Map a published synthesizer checkpoint.

    A checkpoint trained without unconditional generation has no null style; it becomes zero, and is
    learned when the weights are fine-tuned.

    Args:
        state_dict: the authors' tensors by their names.
        published_config: the `config.json` beside the checkpoint. Sizes that it lacks are the published
            defaults; keys that the authors' classes do not read are ignored.

    Raises:
        CheckpointError: the config or the tensors are not the synthesizer's.
    """
    config = _config(published_config)
    tensors = dict(state_dict)
    null_style = tensors.pop(PUBLISHED_NULL_STYLE, torch.zeros(1, config.style_channels))
    # The authors scale the embedding where they look it up.
    tensors[NULL_STYLE] = null_style.unsqueeze(-1) * math.sqrt(config.style_channels)
    with torch.device("meta"):
        network = HierarchicalSynthesizer(config)
    return config, map_tensors(tensors, _rules(config), network, ignored=IGNORED)


def _config(published: dict[str, Any]) -> SynthesizerConfig:
    model = published.get("model", {})
    dilations = model.get("resblock_dilation_sizes", [[1, 3, 5]])
    if any(row != dilations[0] for row in dilations):
        raise CheckpointError(f"resblock_dilation_sizes {dilations} of the published config differ", HINT)
    tree: dict[str, Any] = {"generator": {"block_dilations": dilations[0]}}
    for published_key, (section, key) in {
        "gin_channels": ("", "style_channels"),
        "inter_channels": ("", "latent_channels"),
        "filter_channels": ("prosody", "filter_channels"),
        "upsample_initial_channel": ("generator", "initial_channels"),
        "upsample_rates": ("generator", "rates"),
        "upsample_kernel_sizes": ("generator", "kernel_sizes"),
        "resblock_kernel_sizes": ("generator", "block_kernel_sizes"),
    }.items():
        if published_key in model:
            (tree.setdefault(section, {}) if section else tree)[key] = model[published_key]
    if "hidden_channels" in model:
        for section in ("semantic_prior", "acoustic_posterior", "flow"):
            tree[section] = {"hidden_channels": model["hidden_channels"]}
    if "upsample_initial_channel" in model:
        tree["source"] = {"initial_channels": model["upsample_initial_channel"] // 2}
    with reading_published():
        return SynthesizerConfig.model_validate(tree)


def _rules(config: SynthesizerConfig) -> Rules:
    posterior, source, generator = config.acoustic_posterior, config.source, config.generator
    assert source is not None
    return (
        *_semantic_rules("enc_p_l", "agnostic_prior"),
        *_semantic_rules("enc_p", "related_prior"),
        (r"^enc_q\.pre\.", "acoustic_posterior.input."),
        (r"^enc_q\.enc\.", "acoustic_posterior.stack."),
        (r"^enc_q\.proj\.", "acoustic_posterior.projection."),
        (r"^enc_q\.down_pre\.", "acoustic_posterior.waveform_encoder.input."),
        (r"^enc_q\.downs\.", "acoustic_posterior.waveform_encoder.downs."),
        *_block_rules(
            "enc_q",
            "acoustic_posterior.waveform_encoder.blocks.{stage}.blocks.",
            len(posterior.waveform_rates),
            len(posterior.block_kernel_sizes),
        ),
        (r"^enc_q\.activation_post\.", "acoustic_posterior.waveform_encoder.activation_post."),
        (r"^enc_q\.conv_post\.", "acoustic_posterior.waveform_encoder.output."),
        *flow_rules("flow_l", "agnostic_flow", config.flow.n_couplings),
        *flow_rules("flow", "related_flow", config.flow.n_couplings),
        (r"^mel_decoder\.conv_pre\.", "prosody.input."),
        (r"^mel_decoder\.encoder\.", "prosody.transformer."),
        (r"^mel_decoder\.proj\.", "prosody.projection."),
        (r"^mel_decoder\.cond\.", "prosody.style."),
        (r"^dec\.downs\.residual_dense\.", "generator.source_input.residual."),
        (r"^dec\.downs\.conv\.", "generator.source_input.convolutions."),
        (r"^dec\.proj\.", "generator.source."),
        *_upsampling_rules("dec", "generator", len(generator.rates), len(generator.block_kernel_sizes)),
        (r"^dec\.conv_post\.", "generator.output."),
        *_upsampling_rules("sn", "source", len(source.rates), len(source.block_kernel_sizes)),
        (r"^sn\.conv_post\.", "source.pitch."),
        *STYLE_ENCODER_RULES,
        *WAVENET_RULES,
        *ATTENTION_RULES,
        *TRANSFORMER_RULES,
        *AMP_RULES,
    )


def _semantic_rules(published: str, ours: str) -> Rules:
    # The authors call the semantic vector "source" and the pitch "filter".
    return (
        (rf"^{published}\.pre_source\.", f"{ours}.semantic_input."),
        (rf"^{published}\.pre_filter\.", f"{ours}.pitch_input."),
        (rf"^{published}\.source_enc\.", f"{ours}.semantic_stack."),
        (rf"^{published}\.filter_enc\.", f"{ours}.pitch_stack."),
        (rf"^{published}\.enc\.", f"{ours}.joint_stack."),
        (rf"^{published}\.proj\.", f"{ours}.projection."),
    )


def _upsampling_rules(published: str, ours: str, n_stages: int, n_blocks: int) -> Rules:
    return (
        (rf"^{published}\.conv_pre\.", f"{ours}.input."),
        (rf"^{published}\.cond\.", f"{ours}.style."),
        (rf"^{published}\.ups\.(\d+)\.", rf"{ours}.stages.\1.up."),
        (rf"^{published}\.activation_post\.", f"{ours}.activation_post."),
        *_block_rules(published, ours + ".stages.{stage}.blocks.blocks.", n_stages, n_blocks),
    )


def _block_rules(published: str, ours: str, n_stages: int, n_blocks: int) -> Rules:
    """The authors keep the AMP blocks of all stages in one list."""
    return tuple(
        (rf"^{published}\.resblocks\.{n_blocks * stage + block}\.", f"{ours.format(stage=stage)}{block}.")
        for stage in range(n_stages)
        for block in range(n_blocks)
    )

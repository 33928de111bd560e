"""The authors' text-to-vec checkpoints (`ttv_libritts_v1` and its like) onto ours."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from hiervox.models.base.checkpoints.block_names import (
    ATTENTION_RULES,
    TRANSFORMER_RULES,
    WAVENET_RULES,
    Rules,
    stochastic_duration_rules,
)
from hiervox.models.base.checkpoints.importing import map_tensors
from hiervox.models.tts.hierspeechpp.networks.pitch_predictor import RESIDUAL_KERNEL_SIZES, UPSAMPLE_RATES
from hiervox.models.tts.hierspeechpp.networks.text_to_vec import TextToVec
from hiervox.models.tts.hierspeechpp.published.blocks import STYLE_ENCODER_RULES, flow_rules
from hiervox.models.tts.hierspeechpp.ttv_config import FlowSizes, PosteriorSizes, TextToVecConfig
from hiervox.utils.errors import CheckpointError

N_COUPLINGS = TextToVecConfig().duration.n_couplings
N_KERNELS = len(RESIDUAL_KERNEL_SIZES)


# The published list holds all residual blocks behind the first upsampling, then all behind the second.
_PITCH_RESIDUAL_RULES: Rules = tuple(
    (rf"^pp\.resblocks\.{N_KERNELS * stage + kernel}\.", f"pitch_predictor.residuals.{stage}.{kernel}.")
    for stage in range(len(UPSAMPLE_RATES))
    for kernel in range(N_KERNELS)
)

RULES: Rules = (
    *WAVENET_RULES,
    *ATTENTION_RULES,
    *TRANSFORMER_RULES,
    *STYLE_ENCODER_RULES,
    *flow_rules("flow", "flow"),
    (r"^enc_p\.encoder\.", "text_encoder.phonetic."),
    (r"^enc_p\.encoder2\.", "text_encoder.styled."),
    (r"^enc_p\.emb\.", "text_encoder.embedding."),
    (r"^enc_p\.cond\.", "text_encoder.style_projection."),
    (r"^enc_p\.proj\.", "text_encoder.projection."),
    (r"^enc_q\.pre\.", "posterior_encoder.input."),
    (r"^enc_q\.enc\.", "posterior_encoder.stack."),
    (r"^enc_q\.proj\.", "posterior_encoder.projection."),
    (r"^w2v_decoder\.pre\.", "semantic_decoder.pre."),
    (r"^w2v_decoder\.enc\.", "semantic_decoder.wavenet."),
    (r"^w2v_decoder\.proj\.", "semantic_decoder.projection."),
    *stochastic_duration_rules("dp", "duration_predictor", N_COUPLINGS),
    (r"^pp\.conv_pre\.", "pitch_predictor.pre."),
    (r"^pp\.conv_post\.", "pitch_predictor.post."),
    (r"^pp\.cond\.", "pitch_predictor.style_projection."),
    (r"^pp\.ups\.", "pitch_predictor.upsamplers."),
    *_PITCH_RESIDUAL_RULES,
    (r"\bconvs1\.", "dilated."),
    (r"\bconvs2\.", "plain."),
)


def import_text_to_vec(
    state_dict: dict[str, Tensor], published_config: dict[str, Any]
) -> tuple[TextToVecConfig, dict[str, Tensor]]:
    """Map a published text-to-vec checkpoint.

    The authors' config sets `inter_channels` and `hidden_channels`; all other sizes are constants of their
    classes, and the symbol table's comes from the weights. Their keys that no class reads are ignored.

    Args:
        state_dict: tensors by the authors' names.
        published_config: the authors' `config.json`.

    Raises:
        CheckpointError: a config without these sizes, or weights that do not fit them.
    """
    model = published_config.get("model", {})
    embedding = state_dict.get("enc_p.emb.weight")
    if "inter_channels" not in model or "hidden_channels" not in model or embedding is None:
        raise CheckpointError(
            "these are not the config and weights of a published text-to-vec model",
            "name its config.json and its checkpoint",
        )
    channels, hidden_channels = int(model["inter_channels"]), int(model["hidden_channels"])
    sizes = TextToVecConfig()
    config = TextToVecConfig(
        n_symbols=embedding.size(0),
        channels=channels,
        text_encoder=sizes.text_encoder.model_copy(update={"filter_channels": 4 * channels}),
        posterior=PosteriorSizes(hidden_channels=hidden_channels),
        flow=FlowSizes(hidden_channels=hidden_channels),
        decoder=sizes.decoder.model_copy(update={"hidden_channels": 2 * channels}),
        duration=sizes.duration.model_copy(update={"filter_channels": channels}),
    )
    with torch.device("meta"):
        network = TextToVec(config)
    return config, map_tensors(state_dict, RULES, network)

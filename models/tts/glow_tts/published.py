"""The authors' Glow-TTS checkpoints (github.com/jaywalnut310/glow-tts, MIT) as ours."""

from __future__ import annotations

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
from hiervox.models.base.checkpoints.published_config import read_mel, reading_published
from hiervox.models.tts._flow.config import FlowDurationSizes, FlowModelConfig, FlowTextEncoderSizes
from hiervox.models.tts._flow.network import FlowTextToFrames
from hiervox.models.tts.published import MEL_KEYS
from hiervox.modules.flows.glow import GlowSizes
from hiervox.processors.mel_presets import mel_preset
from hiervox.utils.config import Config

PRENET_LAYERS = 3  # a constant of the published class


def import_glow_tts(
    state_dict: dict[str, Tensor], published_config: dict[str, Any]
) -> tuple[dict[str, Config], dict[str, Tensor]]:
    """Map a published checkpoint, of one speaker or of many.

    Its phoneme table is ARPAbet's, of symbols of several characters, which the text front end does not write:
    such a model speaks from Python, by token ids.

    Returns:
        the sections `model` and `mel` of a config, and tensors by our names.

    Args:
        state_dict: the authors' tensors by their names.
        published_config: the `config.json` they were trained with (`configs/*.json`).

    Raises:
        CheckpointError: the tensors or the config are not Glow-TTS'.
    """
    with reading_published():
        config = _config(state_dict, published_config)
        mel = read_mel(published_config, MEL_KEYS, mel_preset("tacotron"))
    with torch.device("meta"):
        network = FlowTextToFrames(config)
    return {"model": config, "mel": mel}, map_tensors(_joined(state_dict), _rules(config), network)


def _config(tensors: dict[str, Tensor], published: dict[str, Any]) -> FlowModelConfig:
    model, data = published["model"], published["data"]
    speakers, style_channels = tensors["emb_g.weight"].shape if "emb_g.weight" in tensors else (0, 1)
    return FlowModelConfig(
        n_symbols=tensors["encoder.emb.weight"].shape[0],
        frame_channels=data["n_mel_channels"],
        channels=model.get("hidden_channels_enc") or model["hidden_channels"],
        voice="table" if speakers else "none",
        speakers=tuple(str(number) for number in range(speakers)),
        style_channels=style_channels,
        text_encoder=FlowTextEncoderSizes(
            filter_channels=model["filter_channels"],
            n_heads=model["n_heads"],
            n_layers=model["n_layers_enc"],
            kernel_size=model["kernel_size"],
            dropout=model["p_dropout"],
            prenet_layers=PRENET_LAYERS if model.get("prenet") else 0,
            mean_only=model.get("mean_only", False),
        ),
        duration=FlowDurationSizes(
            filter_channels=model["filter_channels_dp"],
            kernel_size=model["kernel_size"],
            dropout=model["p_dropout"],
        ),
        flow=GlowSizes(
            n_blocks=model["n_blocks_dec"],
            hidden_channels=model.get("hidden_channels_dec") or model["hidden_channels"],
            kernel_size=model["kernel_size_dec"],
            dilation_rate=model["dilation_rate"],
            n_layers=model["n_block_layers"],
            dropout=model["p_dropout_dec"],
            group=model.get("n_split", 4),
            squeeze=model.get("n_sqz", 1),
            bounded_scales=model.get("sigmoid_scale", False),
        ),
        blanks=data.get("add_blank", False),
    )


def _joined(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Projections of mean and log-deviation as one."""
    joined = {}
    for name, tensor in tensors.items():
        if ".proj_m." in name:
            deviation = tensors.get(name.replace("proj_m", "proj_s"))
            joined[name] = tensor if deviation is None else torch.cat([tensor, deviation])
        elif ".proj_s." not in name:
            joined[name] = tensor
    return joined


def _rules(config: FlowModelConfig) -> Rules:
    blocks: list[tuple[str, str]] = []
    for block in range(config.flow.n_blocks):  # the published list holds the three layers in turn
        ours = f"flow.blocks.{block}"
        blocks += [
            (rf"^decoder\.flows\.{3 * block}\.logs$", f"{ours}.norm.log_scale"),
            (rf"^decoder\.flows\.{3 * block}\.bias$", f"{ours}.norm.offset"),
            (rf"^decoder\.flows\.{3 * block + 1}\.weight$", f"{ours}.convolution.mixer.matrix"),
            (rf"^decoder\.flows\.{3 * block + 2}\.start\.", f"{ours}.coupling.network.input."),
            (rf"^decoder\.flows\.{3 * block + 2}\.wn\.", f"{ours}.coupling.network.wavenet."),
            (rf"^decoder\.flows\.{3 * block + 2}\.end\.", f"{ours}.coupling.network.output."),
        ]
    return (
        *blocks,
        *(
            (rf"^encoder\.proj_w\.conv_{layer + 1}\.", f"duration_predictor.convs.{layer}.")
            for layer in range(2)
        ),
        *(
            (rf"^encoder\.proj_w\.norm_{layer + 1}\.", f"duration_predictor.norms.{layer}.")
            for layer in range(2)
        ),
        (r"^encoder\.proj_w\.proj\.", "duration_predictor.projection."),
        (r"^encoder\.pre\.conv_layers\.", "text_encoder.prenet.convs."),
        (r"^encoder\.pre\.norm_layers\.", "text_encoder.prenet.norms."),
        (r"^encoder\.pre\.proj\.", "text_encoder.prenet.projection."),
        *WAVENET_RULES,
        *ATTENTION_RULES,
        *TRANSFORMER_RULES,
        (r"^emb_g\.", "speaker_table."),
        (r"^encoder\.emb\.", "text_encoder.embedding."),
        (r"^encoder\.encoder\.", "text_encoder.transformer."),
        (r"^encoder\.proj_m\.", "text_encoder.projection."),
    )

"""The authors' VITS checkpoints (github.com/jaywalnut310/vits, MIT) as ours."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from hiervox.models.base.checkpoints.block_names import (
    ATTENTION_RULES,
    TRANSFORMER_RULES,
    WAVENET_RULES,
    Rules,
    hifigan_rules,
    stochastic_duration_rules,
)
from hiervox.models.base.checkpoints.importing import map_tensors
from hiervox.models.base.checkpoints.published_config import read_mel, reading_published
from hiervox.models.tts._vae.config import DurationSizes, HiFiGANDecoderSizes
from hiervox.models.tts.published import MEL_KEYS
from hiervox.models.tts.vits.config import VitsConfig
from hiervox.models.tts.vits.network import Vits
from hiervox.modules.transformers.relative import TransformerSizes
from hiervox.processors.mel_presets import mel_preset
from hiervox.processors.spectrogram import SpectrogramConfig
from hiervox.utils.config import Config

# Constants of the published classes.
_DETERMINISTIC_CHANNELS = 256


def import_vits(
    state_dict: dict[str, Tensor], published_config: dict[str, Any]
) -> tuple[dict[str, Config], dict[str, Tensor]]:
    """Map a published checkpoint, of one speaker or of many.

    Returns:
        the sections `model` and `mel` of a config, and tensors by our names.

    Args:
        state_dict: the authors' tensors by their names.
        published_config: the `config.json` they were trained with (`configs/*.json`).

    Raises:
        CheckpointError: the tensors or the config are not VITS's.
    """
    with reading_published():
        config = _config(state_dict, published_config)
        mel = _mel(published_config["data"])
    with torch.device("meta"):
        network = Vits(config)
    return {"model": config, "mel": mel}, map_tensors(state_dict, _rules(config), network)


def _config(tensors: dict[str, Tensor], published: dict[str, Any]) -> VitsConfig:
    model, data = published["model"], published["data"]
    speakers = tensors["emb_g.weight"].shape[0] if "emb_g.weight" in tensors else 0
    style_channels = tensors["emb_g.weight"].shape[1] if speakers else VitsConfig().style_channels
    stochastic = model.get("use_sdp", True)
    return VitsConfig(
        n_symbols=tensors["enc_p.emb.weight"].shape[0],
        n_bins=data["filter_length"] // 2 + 1,
        mel_channels=data.get("n_mel_channels", 80),
        channels=model["inter_channels"],
        voice="table" if speakers else "none",
        speakers=tuple(str(number) for number in range(speakers)),
        style_channels=style_channels,
        text_encoder=TransformerSizes(
            filter_channels=model["filter_channels"],
            n_heads=model["n_heads"],
            n_layers=model["n_layers"],
            kernel_size=model["kernel_size"],
            dropout=model["p_dropout"],
        ),
        duration=DurationSizes(
            kind="stochastic" if stochastic else "deterministic",
            filter_channels=model["hidden_channels"] if stochastic else _DETERMINISTIC_CHANNELS,
        ),
        decoder=_decoder(model, style_channels if speakers else 0),
        segment_frames=published.get("train", {}).get("segment_size", 8192) // data["hop_length"],
        blanks=data.get("add_blank", True),
    )


def _mel(data: dict[str, Any]) -> SpectrogramConfig:
    """As the preset, at the config's rate and sizes, which need not all be there."""
    known = {"n_mel_channels": 80, "mel_fmax": None, **data, "mel_fmin": data.get("mel_fmin") or 0.0}
    return read_mel({"data": known}, MEL_KEYS, mel_preset("vits"))


def _decoder(model: dict[str, Any], condition_channels: int) -> HiFiGANDecoderSizes:
    return HiFiGANDecoderSizes(
        in_channels=model["inter_channels"],
        initial_channels=model["upsample_initial_channel"],
        rates=model["upsample_rates"],
        kernel_sizes=model["upsample_kernel_sizes"],
        block_kernel_sizes=model["resblock_kernel_sizes"],
        block_dilations=model["resblock_dilation_sizes"],
        paired_blocks=str(model["resblock"]) == "1",
        condition_channels=condition_channels,
    )


def _rules(config: VitsConfig) -> Rules:
    decoder = config.decoder
    assert isinstance(decoder, HiFiGANDecoderSizes)
    return (
        *_duration_rules(config.duration),
        *hifigan_rules(len(decoder.rates), len(decoder.block_kernel_sizes), r"dec\.", "decoder."),
        *WAVENET_RULES,
        *ATTENTION_RULES,
        *TRANSFORMER_RULES,
        (r"^emb_g\.", "speaker_table."),
        (r"^enc_p\.emb\.", "text_encoder.embedding."),
        (r"^enc_p\.encoder\.", "text_encoder.transformer."),
        (r"^enc_p\.proj\.", "text_encoder.projection."),
        (r"^enc_q\.pre\.", "posterior_encoder.input."),
        (r"^enc_q\.enc\.", "posterior_encoder.stack."),
        (r"^enc_q\.proj\.", "posterior_encoder.projection."),
        # Every second entry of the published list is a channel flip.
        *((rf"^flow\.flows\.{2 * i}\.", f"flow.couplings.{i}.") for i in range(config.flow.n_couplings)),
        (r"^(flow\.couplings\.\d+)\.pre\.", r"\1.input."),
        (r"^(flow\.couplings\.\d+)\.enc\.", r"\1.stack."),
        (r"^(flow\.couplings\.\d+)\.post\.", r"\1.shift."),
    )


def _duration_rules(sizes: DurationSizes) -> Rules:
    if sizes.kind == "stochastic":
        return stochastic_duration_rules("dp", "duration_predictor", sizes.n_couplings)
    return (
        *((rf"^dp\.conv_{layer + 1}\.", f"duration_predictor.convs.{layer}.") for layer in range(2)),
        *((rf"^dp\.norm_{layer + 1}\.", f"duration_predictor.norms.{layer}.") for layer in range(2)),
        (r"^dp\.proj\.", "duration_predictor.projection."),
        (r"^dp\.cond\.", "duration_predictor.style_projection."),
    )

"""Amphion's NaturalSpeech 2 as ours."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from hiervox.models.base.checkpoints.block_names import Rules
from hiervox.models.base.checkpoints.importing import map_tensors
from hiervox.models.base.checkpoints.published_config import reading_published
from hiervox.models.tts.naturalspeech2.networks.denoiser import DenoiserSizes
from hiervox.models.tts.naturalspeech2.networks.naturalspeech2 import NaturalSpeech2, NaturalSpeech2Config
from hiervox.models.tts.naturalspeech2.networks.predictor import PromptedPredictorSizes
from hiervox.modules.transformers.convolutional import TransformerSizes

Tensors = dict[str, Tensor]
ENTRIES = r"quantizer\.vq\.layers\.(\d+)\._codebook\.embed$"
UNUSED = r"\.pe$|^quantizer\.|^prior_encoder\.encoder\.enc_emb_tokens\."
RULES: Rules = (
    (r"\.ln_1\.", ".attention_norm."),
    (r"\.ln_2\.", ".convolution_norm."),
    (r"\.last_ln\.", ".norm."),
    (r"\.self_attn\.", ".attention."),
    (r"\.ffn\.ffn_1\.", ".widen."),
    (r"\.ffn\.ffn_2\.", ".narrow."),
    (r"^prior_encoder\.enc_emb_tokens\.", "embedding."),
    (r"^prior_encoder\.encoder\.", "text_encoder."),
    (r"^prior_encoder\.(duration|pitch)_predictor\.conv\.(\d+)\.0\.", r"\1.convolutions.\2."),
    (r"^prior_encoder\.(duration|pitch)_predictor\.conv\.(\d+)\.2\.", r"\1.norms.\2."),
    (r"^prior_encoder\.(duration|pitch)_predictor\.cattn\.(\d+)\.0\.", r"\1.attentions.\2.attention."),
    (r"^prior_encoder\.(duration|pitch)_predictor\.cattn\.(\d+)\.1\.", r"\1.attentions.\2.norm."),
    (r"^prior_encoder\.(duration|pitch)_predictor\.linear\.", r"\1.output."),
    (r"^prior_encoder\.pitch_embedding\.", "pitch_embedding."),
    (r"^prior_encoder\.pitch_bins$", "pitch_edges"),
    (r"^prompt_lin\.", "prompt_input."),
    (r"^query_emb\.weight$", "queries"),
    (r"^query_attn\.", "query_attention."),
    (r"^diffusion\.diff_estimator\.in_proj\.", "denoiser.input."),
    (r"^diffusion\.diff_estimator\.mlp\.0\.", "denoiser.time.1."),
    (r"^diffusion\.diff_estimator\.mlp\.2\.", "denoiser.time.3."),
    (r"^diffusion\.diff_estimator\.cond_ln\.", "denoiser.condition_norm."),
    (r"^diffusion\.diff_estimator\.skip_proj\.", "denoiser.skip."),
    (r"^diffusion\.diff_estimator\.out_proj\.", "denoiser.output."),
    (r"^diffusion\.diff_estimator\.layers\.(\d+)\.dilated_conv\.", r"denoiser.layers.\1.dilated."),
    (r"^diffusion\.diff_estimator\.layers\.(\d+)\.diffusion_proj\.", r"denoiser.layers.\1.time."),
    (r"^diffusion\.diff_estimator\.layers\.(\d+)\.cond_proj\.", r"denoiser.layers.\1.condition."),
    (r"^diffusion\.diff_estimator\.layers\.(\d+)\.out_proj\.", r"denoiser.layers.\1.residual_skip."),
    (r"^diffusion\.diff_estimator\.layers\.(\d+)\.attn\.", r"denoiser.layers.\1.film.attention."),
    (r"^diffusion\.diff_estimator\.layers\.(\d+)\.film\.", r"denoiser.layers.\1.film."),
    (r"^diffusion\.diff_estimator\.layers\.(\d+)\.ln\.", r"denoiser.layers.\1.film.norm."),
)


def import_naturalspeech2(
    state_dict: Tensors, published_config: Mapping[str, Any]
) -> tuple[NaturalSpeech2Config, Tensors]:
    """Map Amphion's checkpoint, with the entries of the first 16 of its codec's books.

    Args:
        state_dict: by Amphion's names.
        published_config: its config; of `model`, the numbers of attention heads and the kind of diffusion are
            read, where they are there.

    Raises:
        CheckpointError: the tensors are not NaturalSpeech 2's.
    """
    with reading_published():
        config = _config_of(state_dict, published_config.get("model", {}))
        places = {int(match[1]): name for name in state_dict if (match := re.fullmatch(ENTRIES, name))}
        entries = torch.stack([state_dict[places[place]] for place in range(config.n_codebooks)])
    tensors = {name: tensor for name, tensor in state_dict.items() if not re.search(UNUSED, name)}
    with torch.device("meta"):
        network = NaturalSpeech2(config)
    return config, map_tensors({**tensors, "entries": entries}, RULES, network)


N_CODEBOOKS = 16
"""Of EnCodec's at 12 kbit/s; the file holds all 32."""


def _config_of(tensors: Tensors, model: Mapping[str, Any]) -> NaturalSpeech2Config:
    prior = model.get("prior_encoder", {})

    def heads(section: str, key: str, within: Mapping[str, Any] = model) -> int:
        return int(within.get(section, {}).get(key, 8))

    def transformer(prefix: str, n_heads: int) -> TransformerSizes:
        filters, _, kernel_size = tensors[f"{prefix}.layers.0.ffn.ffn_1.weight"].shape
        return TransformerSizes(
            n_layers=_count(tensors, rf"{re.escape(prefix)}\.layers\.(\d+)\."),
            n_heads=n_heads,
            filter_channels=filters,
            kernel_size=kernel_size,
            dropout=0.2,
            positions="constant",
        )

    def predictor(name: str) -> PromptedPredictorSizes:
        prefix = f"prior_encoder.{name}_predictor"
        layers = _count(tensors, rf"{re.escape(prefix)}\.conv\.(\d+)\.")
        return PromptedPredictorSizes(
            n_layers=layers,
            kernel_size=tensors[f"{prefix}.conv.0.0.weight"].shape[2],
            n_heads=heads(f"{name}_predictor", "attn_head", prior),
            attention_every=-(-layers // _count(tensors, rf"{re.escape(prefix)}\.cattn\.(\d+)\.")),
        )

    layers = _count(tensors, r"diffusion\.diff_estimator\.layers\.(\d+)\.")
    attending = _count(tensors, r"diffusion\.diff_estimator\.layers\.(\d+)\.attn\.")
    diffusion = model.get("diffusion", {})
    channels, latent_channels = tensors["prompt_lin.weight"].shape
    return NaturalSpeech2Config(
        n_symbols=len(tensors["prior_encoder.enc_emb_tokens.weight"]),
        n_codebooks=N_CODEBOOKS,
        n_codes=len(tensors["quantizer.vq.layers.0._codebook.embed"]),
        latent_channels=latent_channels,
        channels=channels,
        text_encoder=transformer(
            "prior_encoder.encoder", heads("encoder", "encoder_head", model.get("prior_encoder", {}))
        ),
        prompt_encoder=transformer("prompt_encoder", heads("prompt_encoder", "encoder_head")),
        duration=predictor("duration"),
        pitch=predictor("pitch"),
        n_queries=len(tensors["query_emb.weight"]),
        n_query_heads=heads("query_emb", "head_num"),
        n_pitch_bins=len(tensors["prior_encoder.pitch_embedding.weight"]),
        denoiser=DenoiserSizes(
            n_layers=layers,
            n_heads=heads("wavenet", "attn_head", diffusion),
            attention_every=-(-layers // attending),
        ),
        form="flow" if diffusion.get("diffusion_type") == "flow" else "score",
    )


def _count(tensors: Tensors, pattern: str) -> int:
    """How many different numbers a pattern captures at the beginning of names."""
    return len({match[1] for name in tensors if (match := re.match(pattern, name))})

"""Amphion's text-to-audio checkpoints (MIT) as ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from hiervox.models.base.checkpoints.importing import map_tensors
from hiervox.models.base.checkpoints.published_config import reading_published
from hiervox.models.tta._latent.autoencoder import MelAutoencoder
from hiervox.models.tta._latent.captions import PretrainedCaptions
from hiervox.models.tta._latent.diffusion import LatentDiffusion, LatentDiffusionSizes
from hiervox.models.tta._latent.published import (
    as_linear,
    autoencoder_rules,
    autoencoder_sizes,
    openai_rules,
    openai_sizes,
    under,
)
from hiervox.utils.config import Config

AUTOENCODER, UNET = "autoencoderkl.", "audioldm.unet."
T5 = "google-t5/t5-base"
N_HEADS, N_BLOCKS = 8, 2
"""Of the published configs, where they don't say otherwise."""


def import_autoencoder(
    state_dict: dict[str, Tensor], published_config: dict[str, Any]
) -> tuple[dict[str, Config], dict[str, Tensor]]:
    """Map the tensors of the autoencoder.

    Args:
        state_dict: the authors' tensors by their names, with or without `autoencoderkl.` before them.
        published_config: `n_mels`, where spectrograms have not 80 bins.

    Returns:
        the section `model` of a config, and tensors by our names.

    Raises:
        CheckpointError: the tensors are no such autoencoder's.
    """
    tensors = under(state_dict, AUTOENCODER) or state_dict
    with reading_published():
        sizes = autoencoder_sizes(tensors, published_config.get("n_mels", 80))
    with torch.device("meta"):
        network = MelAutoencoder(sizes)
    tensors = as_linear(tensors, r"\.attn_1\.")
    scale = state_dict.get("loss.logvar", torch.zeros(()))
    return {"model": sizes}, map_tensors({"log_scale": scale, **tensors}, autoencoder_rules(sizes), network)


def import_diffusion(
    state_dict: dict[str, Tensor], published_config: dict[str, Any]
) -> tuple[dict[str, Config], dict[str, Tensor]]:
    """Map the tensors of the U-Net.

    Args:
        state_dict: the authors' tensors by their names, with or without `audioldm.` before them.
        published_config: the section `model.audioldm`, with `num_heads`, `num_res_blocks` and, of the latent,
            `latent_bins` (5 or 10) where they are not the published ones.

    Returns:
        the section `model` of a config, and tensors by our names.

    Raises:
        CheckpointError: the tensors are no such U-Net's.
    """
    tensors = under(state_dict, UNET) or under(state_dict, UNET.partition(".")[2])
    with reading_published():
        sizes = _diffusion_sizes(tensors, published_config)
    with torch.device("meta"):
        network = LatentDiffusion(sizes)
    tensors = as_linear(tensors, r"\.proj_(in|out)\.")
    mapped = map_tensors(tensors, openai_rules(sizes.unet), network.unet)
    whole = {f"unet.{name}": tensor for name, tensor in mapped.items()}
    return {"model": sizes}, {**whole, **unmeasured()}


def unmeasured(std: float = 1.0) -> dict[str, Tensor]:
    """Statistics of a latent of this deviation around 0, as `LatentDiffusion` holds them."""
    values = {"mean": 0.0, "std": std, "seen": 0.0}
    return {f"statistics.{name}": torch.tensor(value) for name, value in values.items()}


def _diffusion_sizes(tensors: Mapping[str, Tensor], published: Mapping[str, Any]) -> LatentDiffusionSizes:
    unet = openai_sizes(
        tensors, published.get("num_heads", N_HEADS), published.get("num_res_blocks", N_BLOCKS)
    )
    assert unet.context_channels is not None
    return LatentDiffusionSizes(
        latent_channels=tensors["out.2.weight"].shape[0],
        latent_bins=published.get("latent_bins", 5),
        unet=unet,
        captions=PretrainedCaptions(kind="t5", name=T5, channels=unet.context_channels),
    )

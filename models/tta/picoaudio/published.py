"""PicoAudio's checkpoints as ours: the U-Net with diffusers' names, the autoencoder with AudioLDM's.

There, a spectrogram is (frames, bins); here it is (bins, frames), so that kernels are transposed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from hiervox.models.base.checkpoints.importing import map_tensors
from hiervox.models.base.checkpoints.published_config import reading_published
from hiervox.models.tta._latent.autoencoder import MelAutoencoder
from hiervox.models.tta._latent.published import (
    as_linear,
    autoencoder_rules,
    autoencoder_sizes,
    diffusers_rules,
    diffusers_sizes,
    under,
)
from hiervox.models.tta.picoaudio.network import PicoAudio, PicoAudioSizes, PicoAudioUNetSizes
from hiervox.utils.config import Config

AUTOENCODERS = ("first_stage_model.", "vae.")
UNETS = ("model.unet.", "unet.")
VOCODER = "vocoder."
N_MELS, N_ROWS = 64, 32
N_HEADS = (4, 8, 16, 16)
SCALE = "scale_factor"


def import_autoencoder(
    state_dict: dict[str, Tensor], published_config: dict[str, Any]
) -> tuple[dict[str, Config], dict[str, Tensor]]:
    """Map the tensors of AudioLDM's autoencoder.

    Args:
        state_dict: of the whole checkpoint; the rest, and the vocoder, are left out.
        published_config: `n_mels`, where spectrograms have not 64 bins.

    Returns:
        the section `model` of a config, and tensors by our names.

    Raises:
        CheckpointError: the tensors are no such autoencoder's.
    """
    tensors = _under_any(state_dict, AUTOENCODERS)
    own = {name: tensor for name, tensor in tensors.items() if not name.startswith(VOCODER)}
    with reading_published():
        sizes = autoencoder_sizes(own, published_config.get("n_mels", N_MELS))
    with torch.device("meta"):
        network = MelAutoencoder(sizes)
    own = _turned(as_linear(own, r"\.attn_1\."))
    return {"model": sizes}, map_tensors(
        {"log_scale": torch.zeros(()), **own}, autoencoder_rules(sizes), network
    )


def import_diffusion(
    state_dict: dict[str, Tensor], published_config: dict[str, Any]
) -> tuple[dict[str, Config], dict[str, Tensor]]:
    """Map the tensors of the U-Net.

    Args:
        state_dict: of the whole model.
        published_config: the U-Net's, where its `attention_head_dim` and `layers_per_block` are not the
            published ones; with `events`, the names of the matrix's rows, and AudioLDM's `scale_factor`.

    Returns:
        the section `model` of a config, and tensors by our names.

    Raises:
        CheckpointError: the tensors are no such U-Net's.
    """
    tensors = _under_any(state_dict, UNETS)
    with reading_published():
        sizes = _sizes(tensors, published_config)
        std = 1 / float(published_config.get(SCALE, state_dict.get(SCALE, 1.0)))
    with torch.device("meta"):
        network = PicoAudio(sizes)
    mapped = map_tensors(_turned(tensors), diffusers_rules(sizes.unet), network.unet)
    statistics = {"mean": 0.0, "std": std, "seen": 0.0}
    return {"model": sizes}, {
        **{f"unet.{name}": tensor for name, tensor in mapped.items()},
        **{f"statistics.{name}": torch.tensor(value) for name, value in statistics.items()},
    }


def _sizes(tensors: Mapping[str, Tensor], published: Mapping[str, Any]) -> PicoAudioSizes:
    found = diffusers_sizes(
        tensors,
        tuple(published.get("attention_head_dim", N_HEADS)),
        published.get("layers_per_block", 2),
    )
    unet = PicoAudioUNetSizes(**found.model_dump())
    channels = tensors["conv_out.weight"].shape[0]
    given = tensors["conv_in.weight"].shape[1]
    assert unet.context_channels is not None
    clap = PicoAudioSizes().captions.model_copy(update={"channels": unet.context_channels // 2})
    return PicoAudioSizes(
        latent_channels=channels,
        latent_bins=N_ROWS // (given - channels),
        unet=unet,
        captions=clap,
        events=tuple(published.get("events", ())),
        n_rows=N_ROWS,
    )


def _turned(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """With kernels over bins and frames instead of frames and bins."""
    return {name: tensor.mT if tensor.dim() == 4 else tensor for name, tensor in tensors.items()}


def _under_any(tensors: dict[str, Tensor], prefixes: tuple[str, ...]) -> dict[str, Tensor]:
    for prefix in prefixes:
        if found := under(tensors, prefix):
            return found
    return tensors

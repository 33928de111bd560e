"""Checkpoints of Amphion's VitsSVC (MIT) as ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from hiervox.models.base.checkpoints.block_names import WAVENET_RULES, Rules, hifigan_rules
from hiervox.models.base.checkpoints.importing import map_tensors
from hiervox.models.base.checkpoints.published_config import read_mel, reading_published
from hiervox.models.base.data.setup import FeaturesConfig
from hiervox.models.svc._singing.published import (
    RELATIVE_RULES,
    condition_rules,
    condition_sizes,
    pitch_buffers,
    published_sections,
    singer_sizes,
)
from hiervox.models.svc.vits_svc.network import PriorSizes, SourceDecoderSizes, VitsSVC, VitsSVCSizes
from hiervox.models.tts._vae.config import FlowSizes, StackSizes
from hiervox.processors.mel_presets import BIGVGAN_24K
from hiervox.processors.spectrogram import SpectrogramConfig
from hiervox.utils.config import Config
from hiervox.utils.errors import CheckpointError

PREFIX = "condition_encoder."
SINGERS, LATENT_SINGERS = f"{PREFIX}singer_encoder.nn.weight", "emb_g.weight"
"""The tables of singers, of the condition and of the latent, which are one here."""
UNHEARD = r"^(enc_p\.f0_emb|dec\.m_source|dec\.noise_convs)\."
"""Weights that the published code has and whose results it does not use."""
MEL_KEYS = {
    "sample_rate": "preprocess.sample_rate",
    "n_fft": "preprocess.n_fft",
    "win_length": "preprocess.win_size",
    "hop_length": "preprocess.hop_size",
    "n_mels": "preprocess.n_mel",
    "f_min": "preprocess.fmin",
    "f_max": "preprocess.fmax",
}


def import_vits_svc(
    state_dict: dict[str, Tensor], published_config: dict[str, Any]
) -> tuple[dict[str, Config], dict[str, Tensor]]:
    """Map the published network, whose decoder hears no F0.

    NSF-HiFi-GAN's source is lost in the published forward pass, which adds each stage's own input in its
    place: its transposed convolutions give twice as much here.

    Returns:
        the sections `model`, `features` and `mel` of a config, and tensors by our names.

    Args:
        state_dict: the authors' tensors by their names.
        published_config: the authors' `args.json`, with `singers` added.

    Raises:
        CheckpointError: the tensors or the config are not VitsSVC's, or its generator is another than
            HiFi-GAN or NSF-HiFi-GAN.
    """
    with reading_published():
        mel = read_mel(published_config, MEL_KEYS, BIGVGAN_24K)
        sizes = _sizes(state_dict, published_config, mel)
        tensors = {name: tensor for name, tensor in state_dict.items() if name != LATENT_SINGERS}
        tensors[SINGERS] = torch.cat([state_dict[SINGERS], state_dict[LATENT_SINGERS]], dim=1)
    if published_config["model"]["generator"] == "nsfhifigan":
        tensors = {name: 2 * tensor if _doubled(name) else tensor for name, tensor in tensors.items()}
    with torch.device("meta"):
        network = VitsSVC(sizes)
    sections = published_sections(sizes, state_dict, PREFIX)
    features = sections["features"]
    assert isinstance(features, FeaturesConfig)
    pitch = features.pitch.model_copy(update={"hop_seconds": mel.hop_length / mel.sample_rate})
    sections |= {"mel": mel, "features": features.model_copy(update={"pitch": pitch})}
    buffers = pitch_buffers(len(sizes.speakers))
    return sections, map_tensors({**tensors, **buffers}, _rules(state_dict, sizes), network, UNHEARD)


def _doubled(name: str) -> bool:
    return name.startswith("dec.ups.") and name.endswith((".weight_g", ".bias"))


def _sizes(weights: Mapping[str, Tensor], published: dict[str, Any], mel: SpectrogramConfig) -> VitsSVCSizes:
    model = published["model"]
    vits, kind = model["vits"], model["generator"]
    if kind not in ("hifigan", "nsfhifigan"):
        raise CheckpointError(
            f"the generator {kind!r} of VitsSVC is not read", "use a checkpoint with hifigan or nsfhifigan"
        )
    generator = model["generator_config"][kind]
    singers = singer_sizes(weights, published, PREFIX)
    latent_style = weights[LATENT_SINGERS].shape[1]
    return VitsSVCSizes(
        **{**singers, "style_channels": singers["style_channels"] + latent_style},
        latent_style_channels=latent_style,
        condition=condition_sizes(weights, PREFIX),
        mel_channels=mel.n_mels,
        n_bins=mel.n_bins,
        channels=vits["inter_channels"],
        prior=PriorSizes(
            filter_channels=vits["filter_channels"],
            n_heads=vits["n_heads"],
            n_layers=vits["n_layers"],
            kernel_size=vits["kernel_size"],
            dropout=vits["p_dropout"],
        ),
        posterior=StackSizes(n_layers=16),
        flow=FlowSizes(n_couplings=vits["n_flow_layer"]),
        decoder=SourceDecoderSizes(
            in_channels=vits["inter_channels"],
            initial_channels=generator["upsample_initial_channel"],
            rates=generator["upsample_rates"],
            kernel_sizes=generator["upsample_kernel_sizes"],
            block_kernel_sizes=generator["resblock_kernel_sizes"],
            block_dilations=generator["resblock_dilation_sizes"],
            paired_blocks=str(generator["resblock"]) == "1",
            sample_rate=mel.sample_rate,
            source="none",
        ),
        segment_frames=published["preprocess"]["segment_size"] // mel.hop_length,
    )


def _rules(weights: Mapping[str, Tensor], sizes: VitsSVCSizes) -> Rules:
    decoder = sizes.decoder
    names = hifigan_rules(len(decoder.rates), len(decoder.block_kernel_sizes), r"dec\.", "decoder.generator.")
    return (
        *condition_rules(weights, PREFIX),
        *names,
        *WAVENET_RULES,
        (r"^enc_p\.enc_\.", "prior.transformer."),
        (r"^enc_p\.proj\.", "prior.projection."),
        *RELATIVE_RULES,
        (r"^enc_q\.pre\.", "posterior_encoder.input."),
        (r"^enc_q\.enc\.", "posterior_encoder.stack."),
        (r"^enc_q\.proj\.", "posterior_encoder.projection."),
        # Every second entry of the published list is a channel flip.
        *((rf"^flow\.flows\.{2 * i}\.", f"flow.couplings.{i}.") for i in range(sizes.flow.n_couplings)),
        (r"^(flow\.couplings\.\d+)\.pre\.", r"\1.input."),
        (r"^(flow\.couplings\.\d+)\.enc\.", r"\1.stack."),
        (r"^(flow\.couplings\.\d+)\.post\.", r"\1.shift."),
    )

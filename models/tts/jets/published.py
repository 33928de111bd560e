"""Checkpoints of Amphion's JETS (MIT) as ours. Nobody has published weights of it."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from hiervox.models.base.checkpoints.block_names import Rules, hifigan_rules
from hiervox.models.base.checkpoints.importing import map_tensors
from hiervox.models.base.checkpoints.published_config import reading_published
from hiervox.models.tts._variance.config import VarianceSizes
from hiervox.models.tts._variance.published import (
    VARIANCE_RULES,
    as_convolutions,
    predictor_sizes,
    transformer_sizes,
)
from hiervox.models.tts.jets.config import MEL, JetsConfig, JetsGeneratorSizes
from hiervox.models.tts.jets.network import Jets
from hiervox.processors.mel_presets import mel_preset
from hiervox.utils.config import Config

_UNUSED = r"^(postnet|mel_linear|variance_adaptor\.(pitch|energy)_(bins|embedding))|position_enc"
"""Built there, and never used; tables of sinusoids."""
_ALIGNER = {"t": ("text", (0, 2)), "f": ("frames", (0, 2, 4))}
"""Where convolutions stand in ours."""


def import_jets(
    state_dict: dict[str, Tensor], published_config: dict[str, Any]
) -> tuple[dict[str, Config], dict[str, Tensor]]:
    """Map the tensors of Amphion's generator.

    In its training the embeddings of pitch and energy are never used, so that a model trained there has
    untrained ones; statistics are not in it.

    Args:
        state_dict: tensors by their names there.
        published_config: its `model` section; the generator's sizes are under `hifigan`, as in Amphion's
            recipe of HiFi-GAN.

    Returns:
        the sections `model` and `mel` of a config, and tensors by our names.

    Raises:
        CheckpointError: the tensors or the config are not JETS's.
    """
    with reading_published():
        config = _config(state_dict, published_config)
    with torch.device("meta"):
        network = Jets(config)
    statistics = {
        f"adaptor.{name}.statistics.{key}": torch.tensor(value)
        for name in ("pitch", "energy")
        for key, value in (("mean", 0.0), ("std", 1.0), ("seen", 0.0))
    }
    tensors = {**statistics, **as_convolutions(state_dict)}
    mel = mel_preset(MEL).model_copy(update={"n_mels": config.n_mels})
    return {"model": config, "mel": mel}, map_tensors(tensors, _rules(config), network, ignored=_UNUSED)


def _config(tensors: dict[str, Tensor], published: dict[str, Any]) -> JetsConfig:
    transformer, hifigan = published.get("transformer", {}), published["hifigan"]
    symbols, channels = tensors["encoder.src_word_emb.weight"].shape
    n_mels = tensors["alignment_module.f_conv1.weight"].shape[1]

    def variance(name: str) -> VarianceSizes:
        kernel_size = tensors[f"{name}_embed.0.weight"].shape[2]
        return VarianceSizes(embedding="convolution", kernel_size=kernel_size)

    return JetsConfig(
        n_symbols=symbols,
        n_mels=n_mels,
        mel_channels=n_mels,
        channels=channels,
        style_channels=channels,
        encoder=transformer_sizes(tensors, "encoder", transformer),
        decoder=transformer_sizes(tensors, "decoder", transformer),
        predictor=predictor_sizes(tensors, published.get("variance_predictor", {}).get("dropout")),
        pitch=variance("pitch"),
        energy=variance("energy"),
        statistics_batches=0,
        generator=JetsGeneratorSizes(
            in_channels=channels,
            initial_channels=hifigan["upsample_initial_channel"],
            rates=hifigan["upsample_rates"],
            kernel_sizes=hifigan["upsample_kernel_sizes"],
            block_kernel_sizes=hifigan["resblock_kernel_sizes"],
            block_dilations=hifigan["resblock_dilation_sizes"],
            paired_blocks=str(hifigan["resblock"]) == "1",
        ),
        segment_frames=published.get("segment_size", JetsConfig().segment_frames),
        gaussian_upsampling=False,
    )


def _rules(config: JetsConfig) -> Rules:
    sizes = config.generator
    aligner = tuple(
        (rf"^alignment_module\.{published}_conv{number}\.", f"aligner.{ours}.{place}.")
        for published, (ours, places) in _ALIGNER.items()
        for number, place in enumerate(places, 1)
    )
    return (
        *aligner,
        (r"^(pitch|energy)_embed\.0\.", r"adaptor.\1.embedding."),
        *hifigan_rules(len(sizes.rates), len(sizes.block_kernel_sizes), r"generator\.", "generator."),
        *VARIANCE_RULES,
    )

"""Checkpoints of ming024/FastSpeech2 (MIT) as ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from hiervox.models.base.checkpoints.block_names import Rules
from hiervox.models.base.checkpoints.importing import map_tensors
from hiervox.models.base.checkpoints.published_config import reading_published
from hiervox.models.tts._variance.config import VarianceSizes
from hiervox.models.tts._variance.published import (
    VARIANCE_RULES,
    as_convolutions,
    predictor_sizes,
    transformer_sizes,
)
from hiervox.models.tts.fastspeech2.config import MEL, FastSpeech2Config
from hiervox.models.tts.fastspeech2.network import FastSpeech2
from hiervox.processors.mel_presets import mel_preset
from hiervox.utils.config import Config

LEVELS = {"phoneme_level": "token", "frame_level": "frame"}
_TABLES = r"^(encoder|decoder)\.position_enc$"
RULES: Rules = (
    (r"^mel_linear\.", "projection."),
    (r"^variance_adaptor\.(pitch|energy)_embedding\.", r"adaptor.\1.embedding."),
    (r"^variance_adaptor\.(pitch|energy)_bins$", r"adaptor.\1.edges"),
    *VARIANCE_RULES,
    (r"^postnet\.convolutions\.(\d+)\.0\.conv\.", r"post_net.convs.\1."),
    (r"^postnet\.convolutions\.(\d+)\.1\.", r"post_net.norms.\1."),
)


def import_fastspeech2(
    state_dict: dict[str, Tensor], published_config: dict[str, Any]
) -> tuple[dict[str, Config], dict[str, Tensor]]:
    """Map a published checkpoint, of one speaker or of many.

    The published inference gives the spectrograms to HiFi-GAN as they are; so the section `mel` is
    HiFi-GAN's, although those of training are Tacotron's, half a hop away.

    Args:
        state_dict: the authors' tensors by their names.
        published_config: their `model.yaml` and `preprocess.yaml` together with `stats` (stats.json), as one
            object. Sizes are read from the tensors; without `preprocessing` pitch and energy are of phonemes,
            and without `stats` they are in the published model's own units.

    Returns:
        the sections `model` and `mel` of a config, and tensors by our names.

    Raises:
        CheckpointError: the tensors or the config are not FastSpeech 2's.
    """
    with reading_published():
        config = _config(state_dict, published_config)
        statistics = _statistics(published_config)
    tensors = as_convolutions(state_dict)
    with torch.device("meta"):
        network = FastSpeech2(config)
    counts = {
        f"postnet.convolutions.{number}.1.num_batches_tracked": torch.zeros((), dtype=torch.long)
        for number in range(len(network.post_net.norms))
    }
    mapped = map_tensors({**counts, **statistics, **tensors}, RULES, network, ignored=_TABLES)
    mel = mel_preset(MEL).model_copy(update={"n_mels": config.n_mels})
    return {"model": config, "mel": mel}, mapped


def _config(tensors: Mapping[str, Tensor], published: Mapping[str, Any]) -> FastSpeech2Config:
    processing = published.get("preprocessing", {})
    transformer = published.get("transformer", {})
    speakers = tensors["speaker_emb.weight"].shape[0] if "speaker_emb.weight" in tensors else 0
    symbols, channels = tensors["encoder.src_word_emb.weight"].shape
    return FastSpeech2Config(
        n_symbols=symbols,
        n_mels=tensors["mel_linear.weight"].shape[0],
        channels=channels,
        mel_channels=tensors["mel_linear.weight"].shape[0],
        voice="table" if speakers else "none",
        speakers=tuple(str(number) for number in range(speakers)),
        style_channels=channels,
        encoder=transformer_sizes(tensors, "encoder", transformer),
        decoder=transformer_sizes(tensors, "decoder", transformer),
        predictor=predictor_sizes(tensors, published.get("variance_predictor", {}).get("dropout")),
        pitch=_variance(tensors, "pitch", published, processing.get("pitch", {})),
        energy=_variance(tensors, "energy", published, processing.get("energy", {})),
        statistics_batches=0,
        post_net_channels=tensors["postnet.convolutions.0.0.conv.weight"].shape[0],
    )


def _variance(
    tensors: Mapping[str, Tensor], name: str, published: Mapping[str, Any], processing: Mapping[str, Any]
) -> VarianceSizes:
    edges = tensors[f"variance_adaptor.{name}_bins"]
    return VarianceSizes(
        level=LEVELS[processing.get("feature", "phoneme_level")],
        n_bins=len(edges) + 1,
        normalised=processing.get("normalization", True),
        scale=published.get("variance_embedding", {}).get(f"{name}_quantization", "linear"),
        lowest=float(edges[0]),
        highest=float(edges[-1]),
    )


def _statistics(published: Mapping[str, Any]) -> dict[str, Tensor]:
    """Of stats.json: least, greatest, mean and standard deviation of each."""
    tensors: dict[str, Tensor] = {}
    for name in ("pitch", "energy"):
        known = name in published.get("stats", {})
        _, _, mean, std = published["stats"][name] if known else (0, 0, 0.0, 1.0)
        own = f"adaptor.{name}.statistics."
        tensors |= {own + "mean": torch.tensor(mean), own + "std": torch.tensor(std)}
        tensors[own + "seen"] = torch.tensor(float(known))
    return tensors

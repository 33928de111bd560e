"""Names that Amphion's checkpoints of singing voice conversion (MIT) share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from hiervox.models.base.checkpoints.block_names import ATTENTION_RULES, TRANSFORMER_RULES, Rules
from hiervox.models.base.data.setup import FeaturesConfig
from hiervox.models.base.features.content import CONTENTVEC, MERT, WHISPER_MEDIUM
from hiervox.models.base.features.speaker import SpeakerConfig
from hiervox.models.svc._singing.condition import ConditionSizes
from hiervox.models.svc._singing.config import PITCH
from hiervox.models.svc._singing.network import HIGHEST_MEL, LOWEST_MEL, SingingSizes
from hiervox.processors.mel_presets import BIGVGAN_24K
from hiervox.processors.pitch import PitchConfig
from hiervox.processors.semantic import SemanticConfig
from hiervox.utils.config import Config

CONTENTS = ("whisper", "contentvec", "mert", "wenet")
"""In the order of our content vectors."""
ENCODERS = {"whisper": WHISPER_MEDIUM, "contentvec": CONTENTVEC, "mert": MERT}
"""Those that can be read here; WeNet's vectors have to come from elsewhere."""
SINGERS, EXTREMES = "singers", ("mel_min", "mel_max")
"""What has to be written into the config: the content of `singers.json`, and of a corpus's extremes."""
RELATIVE_RULES: Rules = (
    (r"\.conformer_encoder\.", ".transformer."),
    *ATTENTION_RULES,
    *TRANSFORMER_RULES,
)


def contents_of(weights: Mapping[str, Tensor], prefix: str = "0.") -> list[str]:
    """The content encoders that a checkpoint has projections of."""
    return [name for name in CONTENTS if f"{prefix}{name}_encoder.nn.weight" in weights]


def condition_rules(weights: Mapping[str, Tensor], prefix: str = "0.") -> Rules:
    """Rules of the condition encoder and of the singers' table.

    Args:
        weights: the authors' tensors by their names.
        prefix: of those of the condition encoder.
    """
    start = rf"^{prefix.replace('.', chr(92) + '.')}"
    contents = (
        (rf"{start}{name}_encoder\.nn\.", f"condition_encoder.content.{place}.")
        for place, name in enumerate(contents_of(weights, prefix))
    )
    return (
        *contents,
        (rf"{start}melody_encoder\.nn\.", "condition_encoder.f0."),
        (rf"{start}melody_encoder\.uv_embedding\.", "condition_encoder.unvoiced."),
        (rf"{start}loudness_encoder\.nn\.", "condition_encoder.energy."),
        (rf"{start}loudness_encoder\.energy_bins$", "condition_encoder.energy_edges"),
        (rf"{start}singer_encoder\.nn\.", "speaker_table."),
    )


def condition_sizes(weights: Mapping[str, Tensor], prefix: str = "0.") -> ConditionSizes:
    """Sizes of the condition encoder, from its weights; edges of bins are loaded with them."""
    melody = weights[f"{prefix}melody_encoder.nn.weight"]
    return ConditionSizes(
        content_channels=tuple(
            weights[f"{prefix}{name}_encoder.nn.weight"].shape[1] for name in contents_of(weights, prefix)
        ),
        hidden_channels=melody.shape[1],
        n_f0_bins=melody.shape[0],
        n_energy_bins=weights[f"{prefix}loudness_encoder.nn.weight"].shape[0],
    )


def singer_sizes(
    weights: Mapping[str, Tensor], published: Mapping[str, Any], prefix: str = "0."
) -> dict[str, Any]:
    """The part of the sizes that is about singers: the table's rows by their names, or by their numbers."""
    rows = weights[f"{prefix}singer_encoder.nn.weight"].shape[0]
    names = {number: name for name, number in published.get(SINGERS, {}).items()}
    return {
        "voice": "table",
        "speakers": tuple(str(names.get(row, row)) for row in range(rows)),
        "style_channels": weights[f"{prefix}singer_encoder.nn.weight"].shape[1],
    }


def published_sections(
    sizes: SingingSizes, weights: Mapping[str, Tensor], prefix: str = "0."
) -> dict[str, Config]:
    """Sections of a config: the sizes, and what its features are.

    Args:
        sizes: of the network.
        weights, prefix: as for `condition_rules`.
    """
    contents = [
        ENCODERS.get(name, SemanticConfig(name=name, layer=0)) for name in contents_of(weights, prefix)
    ]
    pitch = {**PITCH, "hop_seconds": BIGVGAN_24K.hop_length / BIGVGAN_24K.sample_rate}
    features = FeaturesConfig(
        content=tuple(contents), pitch=PitchConfig(**pitch), speaker=SpeakerConfig(names=sizes.speakers)
    )
    return {"model": sizes, "features": features}


def pitch_buffers(singers: int) -> dict[str, Tensor]:
    """The singers' pitch, which the published weights lack: not yet known.

    Args:
        singers: rows of the table.
    """
    return {name: torch.zeros(singers) for name in ("singer_log_f0", "singer_clips")}


def own_buffers(singers: int, mel_channels: int, published: Mapping[str, Any]) -> dict[str, Tensor]:
    """What the published weights lack: bounds of the spectrograms, and the singers' pitch.

    Args:
        singers: rows of the table.
        mel_channels: mel bins.
        published: the authors' config with the extremes; without, the bounds of our own.
    """
    bounds = [
        torch.tensor(published.get(key, [fallback] * mel_channels), dtype=torch.float32).reshape(-1, 1)
        for key, fallback in zip(EXTREMES, (LOWEST_MEL, HIGHEST_MEL), strict=True)
    ]
    return {"mel_low": bounds[0], "mel_high": bounds[1], **pitch_buffers(singers)}

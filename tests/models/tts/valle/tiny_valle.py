"""Decoders of a size for tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from hiervox.models.base.checkpoints.checkpoint import save_weights
from hiervox.models.tts.valle.config import AutoregressiveConfig, NonAutoregressiveConfig
from hiervox.models.tts.valle.networks.autoregressive import AutoregressiveDecoder
from hiervox.models.tts.valle.networks.non_autoregressive import NonAutoregressiveDecoder

SIZES: dict[str, Any] = {"n_codes": 16, "channels": 16, "filter_channels": 32, "n_heads": 2, "n_layers": 2}


def tiny_autoregressive(**more: Any) -> AutoregressiveDecoder:
    """With random weights."""
    torch.manual_seed(13)
    return AutoregressiveDecoder(AutoregressiveConfig(**SIZES, **more)).eval()


def tiny_non_autoregressive(**more: Any) -> NonAutoregressiveDecoder:
    """With random weights and four codebooks."""
    torch.manual_seed(17)
    return NonAutoregressiveDecoder(NonAutoregressiveConfig(**SIZES, n_codebooks=4, **more)).eval()


def write_tiny_valle(
    folder: Path, monotonic: bool = False, non_autoregressive: dict[str, Any] | None = None
) -> Path:
    """A bundle of a codec and both decoders."""
    from tests.models.codec.encodec.tiny_encodec import tiny_encodec

    save_part(folder / "codec", "encodec", tiny_encodec(), "encodec")
    decoders = {
        "autoregressive": tiny_autoregressive(monotonic=monotonic),
        "non_autoregressive": tiny_non_autoregressive(monotonic=monotonic, **(non_autoregressive or {})),
    }
    for part, decoder in decoders.items():
        save_part(folder / part, "valle", decoder, part)
    return folder


def save_part(folder: Path, system: str, network: Any, part: str) -> None:
    """Its checkpoint folder, which is made."""
    folder.mkdir(parents=True)
    tree = {"system": system, "part": part, "model": network.config.model_dump(mode="json")}
    save_weights(folder, network.state_dict(), tree)

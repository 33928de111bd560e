"""Decoders of a size for tests."""

from __future__ import annotations

from typing import Any

import torch

from hiervox.models.tts.valle.config import AutoregressiveConfig, NonAutoregressiveConfig
from hiervox.models.tts.valle.networks.autoregressive import AutoregressiveDecoder
from hiervox.models.tts.valle.networks.non_autoregressive import NonAutoregressiveDecoder

SIZES: dict[str, Any] = {"n_codes": 16, "channels": 16, "filter_channels": 32, "n_heads": 2, "n_layers": 2}


def tiny_autoregressive() -> AutoregressiveDecoder:
    """With random weights."""
    torch.manual_seed(13)
    return AutoregressiveDecoder(AutoregressiveConfig(**SIZES)).eval()


def tiny_non_autoregressive(**more: Any) -> NonAutoregressiveDecoder:
    """With random weights and four codebooks."""
    torch.manual_seed(17)
    return NonAutoregressiveDecoder(NonAutoregressiveConfig(**SIZES, n_codebooks=4, **more)).eval()

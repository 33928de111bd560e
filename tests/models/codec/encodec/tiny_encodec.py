"""A codec of a size for tests."""

from __future__ import annotations

from typing import Any

import torch

from hiervox.models.codec.encodec.config import EncodecConfig
from hiervox.models.codec.encodec.networks.encodec import Encodec

SIZES: dict[str, Any] = {
    "channels": 4,
    "strides": (2, 4, 5, 8),
    "dimension": 16,
    "n_codebooks": 4,
    "n_entries": 16,
    "bandwidths": (0.3, 0.6, 1.2),
}


def tiny_encodec(**sizes: Any) -> Encodec:
    """With random weights and codebooks."""
    torch.manual_seed(7)
    codec = Encodec(EncodecConfig(**(SIZES | sizes)))
    for codebook in codec.quantizer.codebooks:
        codebook.get_buffer("entries").normal_()
        codebook.get_buffer("initialized").fill_(1)
    return codec.eval()

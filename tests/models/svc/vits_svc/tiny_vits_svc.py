"""VitsSVC of a size for tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from hiervox.models.svc.vits_svc.network import VitsSVC, VitsSVCSizes
from tests.models.svc.tiny import SIZES, TRANSFORMER, name_pitch, write_checkpoint

MODEL: dict[str, Any] = {
    "style_channels": 24,
    "latent_style_channels": 8,
    "channels": 8,
    "prior": TRANSFORMER,
    "posterior": {"n_layers": 2},
    "flow": {"n_layers": 1, "n_couplings": 2},
    "decoder": {
        "in_channels": 8,
        "initial_channels": 32,
        "rates": (8, 8, 4),
        "kernel_sizes": (16, 16, 8),
        "block_kernel_sizes": (3,),
        "block_dilations": ((1, 3),),
    },
    "segment_frames": 12,
}


def write_vits_svc(folder: Path, **sizes: Any) -> Path:
    """With random weights, and singers at 200 and 400 Hz."""
    torch.manual_seed(7)
    model = {**MODEL, **sizes}
    network = VitsSVC(VitsSVCSizes.model_validate({**SIZES, **model}))
    name_pitch(network)
    return write_checkpoint(folder, "vits_svc", network, model)

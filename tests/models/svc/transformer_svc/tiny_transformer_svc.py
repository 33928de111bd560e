"""TransformerSVC of a size for tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from hiervox.models.svc.transformer_svc.network import TransformerSVC, TransformerSVCSizes
from tests.models.svc.tiny import SIZES, TRANSFORMER, name_pitch, write_checkpoint


def write_transformer_svc(folder: Path, **sizes: Any) -> Path:
    """With random weights, and singers at 200 and 400 Hz."""
    torch.manual_seed(3)
    model = {"transformer": TRANSFORMER, **sizes}
    network = TransformerSVC(TransformerSVCSizes.model_validate({**SIZES, **model}))
    name_pitch(network)
    return write_checkpoint(folder, "transformer_svc", network, model)

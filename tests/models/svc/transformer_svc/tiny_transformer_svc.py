"""TransformerSVC of a size for tests."""

from __future__ import annotations

from pathlib import Path

import torch

from hiervox.models.svc.transformer_svc.network import TransformerSVC, TransformerSVCSizes
from tests.models.svc.tiny import SIZES, TRANSFORMER, write_checkpoint

MODEL = {"transformer": TRANSFORMER}


def write_transformer_svc(folder: Path) -> Path:
    """With random weights, and singers at 200 and 400 Hz."""
    torch.manual_seed(3)
    network = TransformerSVC(TransformerSVCSizes.model_validate({**SIZES, **MODEL}))
    network.singer_log_f0.copy_(torch.tensor([200.0, 400.0]).log())
    return write_checkpoint(folder, "transformer_svc", network, MODEL)

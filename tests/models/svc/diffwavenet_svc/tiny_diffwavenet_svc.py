"""DiffWaveNetSVC of a size for tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from hiervox.models.svc.diffwavenet_svc.network import DiffWaveNetSVC, DiffWaveNetSVCSizes
from tests.models.svc.tiny import SIZES, TRANSFORMER, WAVENET, name_pitch, write_checkpoint

MODEL = {"wavenet": WAVENET, "prior": TRANSFORMER, "n_steps": 40, "last_beta": 0.4}


def write_diffwavenet_svc(folder: Path, **sizes: Any) -> Path:
    """With random weights, and singers at 200 and 400 Hz."""
    torch.manual_seed(5)
    model = {**MODEL, **sizes}
    network = DiffWaveNetSVC(DiffWaveNetSVCSizes.model_validate({**SIZES, **model}))
    torch.nn.init.normal_(network.wavenet.output.weight, std=0.2)
    name_pitch(network)
    return write_checkpoint(folder, "diffwavenet_svc", network, model)

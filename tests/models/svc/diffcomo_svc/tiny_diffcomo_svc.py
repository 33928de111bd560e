"""DiffComoSVC of a size for tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from hiervox.models.svc.diffcomo_svc.network import DiffComoSVC, DiffComoSVCSizes
from tests.models.svc.tiny import SIZES, TRANSFORMER, WAVENET, name_pitch, write_checkpoint

MODEL = {"prior": TRANSFORMER, "wavenet": WAVENET}


def write_diffcomo_svc(folder: Path, student: bool = True, **sizes: Any) -> Path:
    """With random weights, and singers at 200 and 400 Hz."""
    torch.manual_seed(6)
    model = {**MODEL, "student": student, **sizes}
    network = DiffComoSVC(DiffComoSVCSizes.model_validate({**SIZES, **model}))
    for wavenet in (network.wavenet, network.average):
        if wavenet is not None:
            torch.nn.init.normal_(wavenet.output.weight, std=0.2)
    name_pitch(network)
    part = "student" if student else "teacher"
    return write_checkpoint(folder, "diffcomo_svc", network, model, part)


def write_teacher(folder: Path) -> Path:
    """A teacher."""
    return write_diffcomo_svc(folder, student=False)

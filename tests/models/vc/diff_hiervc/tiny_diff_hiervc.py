"""Diff-HierVC of a size for tests."""

from __future__ import annotations

from pathlib import Path

import torch

from hiervox.models.base.checkpoints.checkpoint import save_weights
from hiervox.models.vc.diff_hiervc.networks.diff_hiervc import DiffHierVC, DiffHierVCSizes
from tests.models.vc.tiny import FEATURES, MEL, SIZES

MODEL = {
    **SIZES,
    "pitch": {"channels": 8, "n_layers": 4, "dilation_cycle": 2, "condition_channels": 8},
    "n_bands": 2,
    "band_bins": 2,
}


def write_checkpoint(folder: Path) -> Path:
    """With random weights, its predicted pitch around 150 Hz."""
    torch.manual_seed(4)
    network = DiffHierVC(DiffHierVCSizes.model_validate(MODEL))
    with torch.no_grad():
        network.pitch_projection.bias.fill_(5.0)
        network.content_encoder.projection.bias.fill_(-5.0)
    tree = {"system": "diff_hiervc", "part": "converter", "model": MODEL, "mel": MEL, "features": FEATURES}
    folder.mkdir(parents=True, exist_ok=True)
    save_weights(folder, network.state_dict(), tree)
    return folder

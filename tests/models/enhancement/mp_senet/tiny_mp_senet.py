"""A network of few channels, for tests."""

from __future__ import annotations

from pathlib import Path

import torch

from hiervox.models.base.checkpoints.checkpoint import save_weights
from hiervox.models.enhancement.mp_senet.config import MPSENetConfig
from hiervox.models.enhancement.mp_senet.networks.mp_senet import MPSENet

TINY_MP_SENET = MPSENetConfig(channels=8, dense_depth=2, n_blocks=1, n_heads=2, kernel_size=7)


def tiny_network() -> MPSENet:
    """The same random weights every time, in eval mode."""
    torch.manual_seed(5)
    return MPSENet(TINY_MP_SENET).eval()


def write_tiny_mp_senet(folder: Path) -> Path:
    """Write `tiny_network` as a checkpoint folder."""
    folder.mkdir(parents=True)
    tree = {"system": "mp_senet", "part": "mp_senet", "model": TINY_MP_SENET.model_dump(mode="json")}
    save_weights(folder, tiny_network().state_dict(), tree)
    return folder

"""A bundle of DDDM-VC of a size for tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from hiervox.models.base.checkpoints.checkpoint import save_weights
from hiervox.models.vc.dddm_vc.networks.dddm_vc import DDDMVC, DDDMSizes
from hiervox.models.vc.dddm_vc.networks.f0_quantizer import F0Quantizer, F0QuantizerSizes
from tests.models.vc.tiny import FEATURES, MEL, QUANTIZER, SIZES


def write_quantizer(folder: Path, **sizes: Any) -> None:
    """A checkpoint of a quantiser with random entries."""
    torch.manual_seed(2)
    own = {**QUANTIZER, **sizes}
    network = F0Quantizer(F0QuantizerSizes(**own))
    network.codebook.entries.normal_(std=0.3)
    tree = {
        "system": "dddm_vc",
        "part": "f0_quantizer",
        "model": own,
        "features": {"pitch": FEATURES["pitch"]},
    }
    folder.mkdir(parents=True)
    save_weights(folder, network.state_dict(), tree)


def write_bundle(folder: Path, **sizes: Any) -> Path:
    """Both parts, with random weights."""
    write_quantizer(folder / "f0_quantizer", **sizes)
    torch.manual_seed(3)
    own = {**SIZES, "n_f0_codes": 4}
    tree = {"system": "dddm_vc", "part": "converter", "model": own, "mel": MEL, "features": FEATURES}
    (folder / "converter").mkdir()
    network = DDDMVC(DDDMSizes.model_validate(own))
    with torch.no_grad():
        for encoder in (network.source_encoder, network.filter_encoder):
            encoder.projection.bias.fill_(-4.0)  # not too loud
    save_weights(folder / "converter", network.state_dict(), tree)
    return folder

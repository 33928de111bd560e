"""HierVST of a size for tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from hiervox.models.base.checkpoints.checkpoint import save_weights
from hiervox.models.tts._hierarchy.networks.synthesizer import HierarchicalSynthesizer
from hiervox.models.vc.hiervst.config import HierVSTConfig
from tests.models.tts.hierspeechpp.tiny_bundle import FEATURES, WHISPER_WIDTH
from tests.models.tts.hierspeechpp.tiny_synthesizer import TINY_SYNTHESIZER

OWN = ("dual_audio", "source_filter", "bidirectional", "flow")
UPSAMPLING = ("initial_channels", "rates", "kernel_sizes", "block_kernel_sizes", "block_dilations")


def tiny_sizes(**given: Any) -> dict[str, Any]:
    """The config's section, with some keys."""
    sizes = {key: value for key, value in TINY_SYNTHESIZER.model_dump().items() if key not in OWN}
    for section in ("source", "generator"):
        sizes[section] = {key: sizes[section][key] for key in UPSAMPLING}
    flow = {"hidden_channels": 8, "n_layers": 1, "n_couplings": 2}
    return {**sizes, "flow": flow, **given}


def write_hiervst(folder: Path) -> Path:
    """A checkpoint of random weights."""
    folder.mkdir(parents=True)
    torch.manual_seed(0)
    model = HierVSTConfig.model_validate(tiny_sizes(semantic_channels=WHISPER_WIDTH))
    tree = {
        "system": "hiervst",
        "part": "hiervst",
        "model": model.model_dump(mode="json"),
        "features": FEATURES,
    }
    save_weights(folder, HierarchicalSynthesizer(model).state_dict(), tree)
    return folder

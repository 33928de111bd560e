"""The pass that `hiervox benchmark wavernn` times: not folded, sample by sample."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from hiervox.models.vocoder.workloads import vocoder_workload

LOGISTICS: dict[str, Any] = {
    "num_mels": 80,
    "bits": 9,
    "voc_mode": "MOL",
    "voc_upsample_factors": [5, 5, 11],
    "voc_pad": 2,
    "voc_rnn_dims": 512,
    "voc_fc_dims": 512,
    "voc_compute_dims": 128,
    "voc_res_out_dims": 128,
    "voc_res_blocks": 10,
}
"""What `hparams.py` of github.com/fatchord/WaveRNN sets."""
HOP, RATE = 275, 22_050
FADE_FRAMES = 21
"""The published code fades so many frames out, and fails on fewer."""
SIZES = (512, 512, 9, 2, (5, 5, 11), 80, 128, 128, 10, HOP, RATE, "MOL")


def _published(folder: Path) -> tuple[nn.Module, Callable[[Tensor], Tensor]]:
    """Without what it prints and writes."""
    np.cumproduct = np.cumprod  # type: ignore[attr-defined]  # numpy 2 dropped the name
    for missing, names in {"display": ("stream", "simple_table", "progbar"), "dsp": ("save_wav",)}.items():
        stand_in = sys.modules[f"utils.{missing}"] = ModuleType(f"utils.{missing}")
        for name in names:
            setattr(stand_in, name, lambda *_: "")
    version: Any = import_module("models.fatchord_version")
    version.time = time
    network = version.WaveRNN(*SIZES).eval()

    def run(mel: Tensor) -> Tensor:
        """Draws of its own, so that the two sides' waveforms differ."""
        with (
            torch.inference_mode(False),
            torch.no_grad(),
        ):  # it makes cells of the layers, which is no inference
            wav = torch.from_numpy(np.asarray(network.generate(mel.clone(), "", False, 11_000, 550, False)))
        return F.pad(wav.float(), (0, mel.shape[2] * HOP - len(wav))).view(1, 1, -1)

    return network, run


WORKLOADS = (
    vocoder_workload(
        "logistics", "wavernn", _published, LOGISTICS, (80, HOP, RATE), FADE_FRAMES * HOP / RATE
    ),
)

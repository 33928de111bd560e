"""The pass that `hiervox benchmark` times: content, F0 and a prompt to F0 and a log-mel spectrogram."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor

from hiervox.models.base.benchmark.stand_ins import stand_ins
from hiervox.models.base.benchmark.workload import Published, Run, Size, Workload
from hiervox.models.vc._diffusion.workloads import (
    MEL_CHANNELS,
    PACKAGES,
    STEPS,
    ConversionInputs,
    drawn_like,
)

PITCH_STEPS = 30
DIFFUSION = {"dec_dim": 64, "spk_dim": 128, "beta_min": 0.05, "beta_max": 20.0}


def _prepare(network: Any, size: Size) -> Run:
    inputs = ConversionInputs.of(size)

    def run() -> Tensor:
        torch.manual_seed(size.seed)
        style = network.style(inputs.prompt, torch.ones_like(inputs.prompt[:, :1]))
        log_f0 = network.convert_pitch(
            inputs.semantic,
            inputs.normalised_f0,
            inputs.log_f0,
            style,
            drawn_like(inputs.log_f0),
            PITCH_STEPS,
        )
        mel: Tensor = network.convert(
            inputs.semantic, log_f0, inputs.mel, style, drawn_like(inputs.mel), STEPS
        )
        return mel

    return run


def _published(folder: Path, size: Size) -> Published:
    with stand_ins(*PACKAGES):
        module = import_module("model.diffhiervc")
    settings = SimpleNamespace(model=SimpleNamespace(hidden_size=128))
    network = module.DiffHierVC(
        MEL_CHANNELS,
        DIFFUSION["spk_dim"],
        DIFFUSION["dec_dim"],
        DIFFUSION["beta_min"],
        DIFFUSION["beta_max"],
        settings,
    )
    network.to(size.device).eval()
    inputs = ConversionInputs.of(size)
    lengths = [inputs.length(mel) for mel in (inputs.mel, inputs.prompt)]

    @torch.no_grad()
    def run() -> Tensor:
        torch.manual_seed(size.seed)
        mel: Tensor = network.infer_vc(
            inputs.mel,
            inputs.semantic,
            inputs.normalised_f0,
            inputs.log_f0,
            lengths[0],
            inputs.prompt,
            lengths[1],
            PITCH_STEPS,
            STEPS,
        )
        return mel

    return Published(network.state_dict(), run)


WORKLOADS = (
    Workload(
        name="diff_hiervc",
        part="converter",
        prepare=_prepare,
        published=_published,
        published_config={"diffusion": DIFFUSION},
    ),
)

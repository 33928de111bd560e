"""The pass that `hiervox benchmark` times: content, F0 codes and a prompt to a log-mel spectrogram."""

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

N_CODES, VALUES_PER_CODE = 20, 16
DIFFUSION = {"dec_dim": 128, "spk_dim": 128, "beta_min": 0.05, "beta_max": 20.0}
UNUSED = (
    "inter_channels",
    "hidden_channels",
    "filter_channels",
    "n_heads",
    "n_layers",
    "kernel_size",
    "p_dropout",
    "resblock",
    "resblock_kernel_sizes",
    "resblock_dilation_sizes",
    "upsample_rates",
    "upsample_initial_channel",
    "upsample_kernel_sizes",
)
"""Sizes that the published constructor asks for and builds nothing of."""


def _codes(inputs: ConversionInputs) -> Tensor:
    return (inputs.normalised_f0[:, 0, ::VALUES_PER_CODE] * N_CODES).long() % N_CODES


def _prepare(network: Any, size: Size) -> Run:
    inputs = ConversionInputs.of(size)
    codes = _codes(inputs)

    def run() -> Tensor:
        torch.manual_seed(size.seed)
        style = network.style(inputs.prompt, torch.ones_like(inputs.prompt[:, :1]))
        mel: Tensor = network.convert(
            inputs.semantic, codes, inputs.mel, style, drawn_like(inputs.mel), STEPS
        )
        return mel

    return run


def _published(folder: Path, size: Size) -> Published:
    with stand_ins(*PACKAGES):
        module = import_module("model.vc_dddm_mixup")
    model = {**dict.fromkeys(UNUSED), "encoder_hidden_size": 128}
    settings = SimpleNamespace(
        data=SimpleNamespace(n_mel_channels=MEL_CHANNELS, hop_length=320),
        train=SimpleNamespace(segment_size=35_840),
        model=model,
    )
    network = module.DDDM(
        MEL_CHANNELS,
        DIFFUSION["spk_dim"],
        DIFFUSION["dec_dim"],
        DIFFUSION["beta_min"],
        DIFFUSION["beta_max"],
        settings,
    )
    network.to(size.device).eval()
    inputs = ConversionInputs.of(size)
    codes, lengths = _codes(inputs), [inputs.length(mel) for mel in (inputs.mel, inputs.prompt)]

    def run() -> Tensor:
        torch.manual_seed(size.seed)
        mel: Tensor = network.vc(
            inputs.mel, inputs.semantic, codes, lengths[0], inputs.prompt, lengths[1], STEPS
        )
        return mel

    return Published(network.state_dict(), run)


WORKLOADS = (
    Workload(
        name="dddm_vc",
        part="converter",
        prepare=_prepare,
        published=_published,
        published_config={"diffusion": DIFFUSION},
    ),
)

"""The pass that `hiervox benchmark` times: a noisy waveform to a clean one, as the pipeline has it."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import torch
from torch import Tensor, nn

from hiervox.models.base.benchmark.stand_ins import stand_ins
from hiervox.models.base.benchmark.workload import Published, Run, Size, Workload
from hiervox.models.enhancement.mp_senet.networks.mp_senet import MPSENet
from hiervox.models.enhancement.mp_senet.pipeline import MPSENetPipeline

RATE = 16_000
PUBLISHED_CONFIG = {
    "sampling_rate": RATE,
    "n_fft": 400,
    "win_size": 400,
    "hop_size": 100,
    "compress_factor": 0.3,
    "dense_channel": 64,
    "num_tsconformers": 4,
    "beta": 2.0,
}


def _noise(size: Size) -> Tensor:
    generator = torch.Generator().manual_seed(size.seed)
    return 0.1 * torch.randn(size.batch, round(size.seconds * RATE), generator=generator)


def _prepare(network: nn.Module, size: Size) -> Run:
    assert isinstance(network, MPSENet)
    pipeline = MPSENetPipeline(network)
    items = list(_noise(size).numpy())
    return lambda: torch.stack([torch.from_numpy(pipeline.enhance(item, RATE)[0]) for item in items])


def _published(folder: Path, size: Size) -> Published:
    sizes = SimpleNamespace(**json.loads((folder / "denoiser" / "config.json").read_text(encoding="utf-8")))
    with stand_ins("timm", "einops", "pesq"):
        network = import_module("denoiser.generator").MPNet(sizes).to(size.device).eval()
        denoise = import_module("denoiser.infer").denoise
    items = list(_noise(size).to(size.device))
    return Published(
        network.state_dict(),
        lambda: torch.stack([denoise(item, network, sizes).reshape(-1) for item in items]),
    )


WORKLOADS = (
    Workload(
        name="mp_senet",
        part="mp_senet",
        prepare=_prepare,
        published=_published,
        published_config=PUBLISHED_CONFIG,
    ),
)

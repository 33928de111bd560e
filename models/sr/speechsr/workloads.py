"""Passes that `hiervox benchmark` times: both rates, from 16 kHz, as the pipeline has it."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import torch
from torch import Tensor, nn

from hiervox.models.base.benchmark.stand_ins import stand_ins
from hiervox.models.base.benchmark.workload import Published, Run, Size, Workload
from hiervox.models.sr.speechsr.config import INPUT_RATE
from hiervox.models.sr.speechsr.pipeline import SpeechSRPipeline

KERNEL_SIZES, DILATIONS, CHANNELS = [3, 7, 11], [[1, 3, 5]] * 3, 32
MODEL_SECTION = {
    "upsample_initial_channel": CHANNELS,
    "resblock_kernel_sizes": KERNEL_SIZES,
    "resblock_dilation_sizes": DILATIONS,
}


def _noise(size: Size) -> Tensor:
    generator = torch.Generator().manual_seed(size.seed)
    return 0.1 * torch.randn(size.batch, round(size.seconds * INPUT_RATE), generator=generator)


def _prepare(network: nn.Module, size: Size) -> Run:
    pipeline = SpeechSRPipeline(network)  # type: ignore[arg-type]
    items = list(_noise(size).numpy())

    def run() -> Tensor:
        return torch.stack([torch.from_numpy(pipeline.upsample(item, INPUT_RATE)[0]) for item in items])

    return run


def _workload(rate: int) -> Workload:
    def published(folder: Path, size: Size) -> Published:
        with stand_ins("timm", "einops"):
            module = import_module(f"speechsr{rate // 1000}k.speechsr")
        network = module.SynthesizerTrn(100, 30, "0", KERNEL_SIZES, DILATIONS, [3], CHANNELS, [3])
        network.to(size.device).eval()
        wav = _noise(size).to(size.device)
        return Published(network.state_dict(), lambda: network(wav[:, None])[:, 0])

    return Workload(
        name=f"speechsr{rate // 1000}",
        part="speechsr",
        prepare=_prepare,
        published=published,
        published_config={"data": {"sampling_rate": rate}, "model": MODEL_SECTION},
        experiment={"model": {"rate": rate}},
    )


WORKLOADS = (_workload(24_000), _workload(48_000))

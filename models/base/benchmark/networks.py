"""Timing the workloads that a system's card names, each in a process of its own."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import torch
from torch import Tensor, nn

from hiervox.models.base.benchmark.workload import Published, Run, Size, Workload
from hiervox.models.base.checkpoints.inference import prepared
from hiervox.models.base.pipelines.precision import set_tf32
from hiervox.models.base.registry import SYSTEMS, get_part
from hiervox.modules.kernels.prepare import prepare_for_training, record_passes, use_kernels
from hiervox.utils.device import choose_device
from hiervox.utils.errors import ConfigError
from hiervox.utils.host import peak_memory
from hiervox.utils.registry import nearest, resolve
from hiervox.utils.timing import Timing, measure

OURS, PUBLISHED = "ours", "published"


@dataclass(frozen=True)
class Setting:
    """How a workload is run.

    Attributes:
        size: of the work.
        device: `auto`, `cpu`, `cuda` …
        threads: of torch, on the CPU; None leaves them.
        dtype: `float32`; `tf32`, the same where a GPU multiplies by TensorFloat-32; or `bfloat16` or
            `float16` by autocast.
        repeats, warmup: runs that count, and runs before them.
        fused: whether alias-free activations may run in one compiled pass.
        graphs: whether a GPU plays passes as CUDA graphs; not in training.
    """

    size: Size = field(default_factory=Size)
    device: str = "auto"
    threads: int | None = None
    dtype: str = "float32"
    repeats: int = 5
    warmup: int = 1
    fused: bool = True
    graphs: bool = False

    @property
    def precision(self) -> str:
        """`dtype` as `hiervox.load` names it."""
        return "bf16" if self.dtype == "bfloat16" else self.dtype


@dataclass(frozen=True)
class Result:
    """What a workload took.

    Attributes:
        workload, setting: which and how; the size is what was run.
        timings: by side, `ours` and, where there is a checkout, `published`.
        memory: the most that was held, bytes: by the process, both sides included; on a GPU by our side.
        difference: of the two sides' outputs, the largest over the published standard deviation; None for
            one side, or where outputs are not compared.
        gpu: that it ran on; None for the CPU.
    """

    workload: str
    setting: Setting
    timings: dict[str, Timing]
    memory: int
    difference: float | None = None
    gpu: str | None = None


def workloads_of(system: str) -> dict[str, Workload]:
    """A system's workloads by name.

    Raises:
        ConfigError: there is no such system, or it names none.
    """
    card = SYSTEMS.named(system)
    if card.workloads is None:
        raise ConfigError(f"system {system!r} names no workloads", "choose another system")
    return {workload.name: workload for workload in resolve(card.workloads)}


def label_of(system: str, name: str, fused: bool = True) -> str:
    """How a workload is called in tables: with its system, unless its own name says enough."""
    label = name if name == system or len(workloads_of(system)) > 1 else f"{system}, {name}"
    return label if fused else f"{label}, not fused"


def time_workload(system: str, name: str, setting: Setting, reference: Path | None = None) -> Result:
    """Time one workload in a process of its own, so that memory and modules of one do not reach the next.

    Args:
        system, name: of the workload.
        setting: how it is run.
        reference: a checkout of the published repository, to be run in turn on the same weights and inputs.

    Raises:
        ConfigError: no such system, workload or device, or the published code can't run it.
    """
    known = workloads_of(system)
    if name not in known:
        raise ConfigError(f"system {system!r} has no workload {name!r}", nearest(name, known))
    if reference is not None and not reference.is_dir():
        raise ConfigError(f"no folder {reference}", "name a checkout of the published repository")
    most = known[name].most_seconds
    if most is not None and setting.size.seconds > most:
        setting = replace(setting, size=replace(setting.size, seconds=most))
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(_time, system, name, setting, reference).result()


def _time(system: str, name: str, setting: Setting, reference: Path | None) -> Result:
    workload, device = workloads_of(system)[name], choose_device(setting.device)
    if setting.graphs and device.type != "cuda":
        raise ConfigError(f"{device} plays no CUDA graphs", "leave --graphs out, or choose --device cuda")
    if setting.threads is not None:
        torch.set_num_threads(setting.threads)
    set_tf32(setting.dtype != "float32")
    use_kernels(setting.fused)
    torch.manual_seed(setting.size.seed)
    size = replace(setting.size, device=str(device))
    runs: dict[str, Run] = {}
    published = None
    if reference is not None:
        published = _published(workload, reference, size)
        runs[PUBLISHED] = published.run
    before = 0
    if device.type == "cuda":
        torch.cuda.init()
        torch.cuda.reset_peak_memory_stats(device)  # what making the published network took
        before = torch.cuda.memory_allocated(device)
    network = _network(system, workload, published).to(device).eval()
    with _precision(setting.dtype, device.type):  # which it may be prepared for
        ready = prepare_for_training(network) if workload.trains else prepared(network, system)
        if setting.graphs and not workload.trains:
            record_passes(ready)
        runs[OURS] = workload.prepare(ready, size)
    guarded = {side: _guarded(run, setting.dtype, device.type, workload.trains) for side, run in runs.items()}
    output = guarded[OURS]()
    held = torch.cuda.max_memory_allocated(device) - before if device.type == "cuda" else None
    difference = None
    if published is not None and workload.compared:
        difference = _difference(output, guarded[PUBLISHED](), each=workload.trains)
    wait = partial(torch.cuda.synchronize, device) if device.type == "cuda" else None
    timings = measure(guarded, setting.repeats, setting.warmup, wait)
    gpu = torch.cuda.get_device_name(device) if device.type == "cuda" else None
    return Result(
        label_of(system, name, setting.fused) + (", graphs" if setting.graphs else ""),
        setting,
        timings,
        peak_memory() if held is None else held,
        difference,
        gpu,
    )


def _published(workload: Workload, reference: Path, size: Size) -> Published:
    if workload.published is None:
        raise ConfigError(f"workload {workload.name} has no published twin", "leave --reference out")
    sys.path.insert(0, str(reference.resolve()))
    try:
        return workload.published(reference, size)
    except ImportError as error:
        raise ConfigError(
            f"{reference} can't run {workload.name} ({error})", "name a checkout of the published repository"
        ) from error


def _network(system: str, workload: Workload, published: Published | None) -> nn.Module:
    """Our network: with the published weights, or with random ones at its default sizes."""
    part = get_part(system, workload.part)
    if published is not None and published.state_dict and part.importer is not None:
        weights = {name: tensor.cpu() for name, tensor in published.state_dict.items()}
        imported, tensors = resolve(part.importer)(weights, dict(workload.published_config))
        config = imported["model"] if isinstance(imported, Mapping) else imported
        network: nn.Module = resolve(part.network)(config)
        network.load_state_dict(tensors)
        return network
    sections = {"system": system, "part": workload.part, "out_dir": ".", "data": {"cuts": "."}}
    experiment = resolve(part.config).model_validate({**sections, **workload.experiment})
    built: nn.Module = resolve(part.network)(experiment.model)
    return built


def _precision(dtype: str, device: str) -> torch.autocast:
    """Autocast, for 16 bits."""
    low = getattr(torch, dtype) if dtype.endswith("16") else None
    return torch.autocast(device, dtype=low, enabled=low is not None)


def _guarded(run: Run, dtype: str, device: str, trains: bool) -> Run:
    """`run` in a dtype, without gradients unless it trains."""

    def guarded() -> Tensor:
        with torch.inference_mode(not trains), _precision(dtype, device):
            return run()

    return guarded


def _difference(ours: Tensor, published: Tensor, each: bool = False) -> float:
    """The largest over the published standard deviation; with `each`, over the published value itself."""
    if ours.shape != published.shape:
        return float("inf")
    ours, published = ours.to(published.device).double(), published.double()
    if each:
        return float(((ours - published) / published).abs().max())
    return float((ours - published).abs().max() / published.std())

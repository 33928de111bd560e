"""The measurements, each for a process of its own: `python -m tests.scale.measure NAME ARGUMENTS`."""

from __future__ import annotations

import json
import sys
import time
from multiprocessing import active_children
from pathlib import Path

import numpy as np

from hiervox.models.base.config import DataConfig, ExperimentConfig, StreamConfig, TrainConfig
from hiervox.models.base.data.index import open_index
from hiervox.models.base.data.loader import CutLoader
from hiervox.models.base.data.sampling import BatchLimit
from hiervox.models.base.data.shards import open_shards
from hiervox.models.base.data.streaming import StreamBatches

STEP_SECONDS = 0.1
BATCH = 8
Figures = dict[str, float]


def memory_of(process: int | str) -> float:
    """MB that a process holds, files that it maps left out (Linux)."""
    rows = Path(f"/proc/{process}/smaps_rollup").read_text(encoding="utf-8").splitlines()
    fields = {row.split(":")[0]: row.split()[1] for row in rows[1:]}
    return int(fields["Pss_Anon"]) / 1024


def index_of(manifest: str) -> Figures:
    """Seconds of one core to build the index of a manifest."""
    began = time.process_time()
    open_index(Path(manifest))
    return {"index_seconds": time.process_time() - began}


def experiment(shards: str, cache: str, workers: int) -> ExperimentConfig:
    """One that reads waveforms in batches of like lengths."""
    return ExperimentConfig(
        system="scale",
        part="scale",
        out_dir=Path("unused"),
        data=DataConfig(cuts=Path(shards), stream=StreamConfig(cache_dir=Path(cache), cache_gb=2)),
        train=TrainConfig(batch_size=BATCH, workers=workers),
    )


def training(shards: str, cache: str, steps: int, workers: int) -> Figures:
    """Start, waits and memory of a training whose step does nothing for `STEP_SECONDS`."""
    began, cpu = time.perf_counter(), time.process_time()
    loader = CutLoader(experiment(shards, cache, workers), frozenset({"wav"}))
    opened = time.perf_counter()
    batches = iter(loader.batches("train", epoch=0, skip_batches=0, rank=0, world_size=1))
    next(batches)
    started, cpu = time.perf_counter(), time.process_time() - cpu
    waits = []
    for _ in range(steps):
        time.sleep(STEP_SECONDS)
        asked = time.perf_counter()
        next(batches)
        waits.append(time.perf_counter() - asked)
    children = [memory_of(child.pid) for child in active_children() if child.pid is not None]
    return {
        "open_seconds": opened - began,
        "start_seconds": started - began,
        "start_cpu_seconds": cpu,
        "wait_share": sum(waits) / (sum(waits) + STEP_SECONDS * steps),
        "wait_median_ms": 1000 * float(np.median(waits)),
        "driver_mb": memory_of("self"),
        "worker_mb": max(children, default=0.0),
    }


def bucketing(shards: str, cache: str) -> Figures:
    """Seconds of one core to draw all batches of an epoch."""
    index = open_shards(Path(shards), Path(cache))
    frames = -(-index.table["samples"] // 320)
    began = time.process_time()
    plan = StreamBatches(
        index.chunks, np.ones(len(index), bool), frames, frames, BatchLimit(BATCH, None), 2048, 0, 0, 0, 0, 1
    )
    cuts = sum(len(share.cuts) for share in plan)
    assert cuts == len(index)
    return {"bucketing_seconds": time.process_time() - began}


def evaluation(rows: int) -> Figures:
    """Seconds of one core, and memory, of a mean with its interval over so many rows."""
    from hiervox.evaluation.estimate import mean_estimate

    values = np.random.default_rng(0).normal(size=rows).tolist()
    before, began = memory_of("self"), time.process_time()
    estimate = mean_estimate(values)
    assert estimate is not None and estimate.low is not None
    return {"estimate_seconds": time.process_time() - began, "estimate_mb": memory_of("self") - before}


MEASURES = {measure.__name__: measure for measure in (index_of, training, bucketing, evaluation)}


if __name__ == "__main__":
    name, *arguments = sys.argv[1:]
    values = [int(argument) if argument.isdecimal() else argument for argument in arguments]
    sys.stdout.write(json.dumps(MEASURES[name](*values)) + "\n")

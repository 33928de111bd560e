"""Timing whole models by the task they serve: what a user waits for, and how long until there is sound."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import torch

from hiervox.models.base.benchmark.networks import Setting
from hiervox.models.base.benchmark.trial import Sample, Trial
from hiervox.models.base.card import SystemCard
from hiervox.models.base.pipelines.bundle import prompts_of, resolve_bundle
from hiervox.models.base.pipelines.loading import find_system, load
from hiervox.models.base.tasks import TASKS, task_names
from hiervox.processors.audio import Waveform
from hiervox.utils.host import peak_memory
from hiervox.utils.registry import resolve
from hiervox.utils.timing import Timing, measure

RECORDING_RATE = 16_000
SOURCE_HZ = 120.0


def speech_like(seconds: float, rate: int = RECORDING_RATE) -> Waveform:
    """A voiced sound with a gliding F0 that rises and falls in loudness, (T,)."""
    time = np.arange(round(seconds * rate)) / rate
    phase = 2 * np.pi * SOURCE_HZ * (time + 0.05 * np.sin(2 * np.pi * 0.7 * time))
    voice = sum(np.sin(harmonic * phase) / harmonic for harmonic in range(1, 20))
    envelope = 0.5 - 0.45 * np.cos(2 * np.pi * 2.5 * time)
    wav: Waveform = (0.1 * voice * envelope).astype(np.float32)
    return wav


def trials_of(pipeline: Any, card: SystemCard, folder: Path, seconds: float) -> dict[str, Trial]:
    """What a pipeline does for each task that its system serves, and that has a trial.

    Args:
        pipeline: opened with `hiervox.load`.
        card: of its system.
        folder: of the model, whose first prompt is the voice.
        seconds: of the recordings that go in.
    """
    prompt = next(iter(prompts_of(folder)), None)
    voice = (speech_like(3.0), RECORDING_RATE) if prompt is None else str(prompt)
    sample = Sample(speech_like(seconds), RECORDING_RATE, voice)
    return {
        name: resolve(trial)(pipeline, sample)
        for name in task_names()
        if card.serves(name) and (trial := TASKS[name].trial) is not None
    }


@dataclass(frozen=True)
class ModelResult:
    """What one task of a model took.

    Attributes:
        task: of the pipeline, and the precision that is not float32.
        seconds: of sound that came out.
        whole: of the whole sound.
        first: until its first chunk; None where it comes at once.
        memory: the most that the process held, bytes.
    """

    task: str
    seconds: float
    whole: Timing
    first: Timing | None
    memory: int


def time_model(name: str | None, setting: Setting) -> list[ModelResult]:
    """Time everything that a model does, in a process of its own.

    Args:
        name: of an installed model, or a folder; None for the default.
        setting: threads, device, dtype, repeats, the recordings' length; a pipeline takes one item at a time.

    Raises:
        ConfigError, CheckpointError: as `hiervox.load`.
    """
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(_time, name, setting).result()


def _time(name: str | None, setting: Setting) -> list[ModelResult]:
    if setting.threads is not None:
        torch.set_num_threads(setting.threads)
    pipeline, results = load(name, device=setting.device, precision=setting.precision), []
    folder = resolve_bundle(name)
    card, _ = find_system(folder)
    for task, trial in trials_of(pipeline, card, folder, setting.size.seconds).items():
        seconds: list[float] = []
        calls: dict[str, Callable[[], Any]] = {"whole": partial(_note, trial.whole, seconds)}
        if trial.first is not None:
            calls["first"] = trial.first
        timings = measure(calls, setting.repeats, setting.warmup)
        label = task if setting.dtype == "float32" else f"{task}, {setting.precision}"
        results.append(ModelResult(label, seconds[-1], timings["whole"], timings.get("first"), peak_memory()))
    return results


def _note(call: Callable[[], float], results: list[float]) -> None:
    """Call, and keep what comes back."""
    results.append(call())

"""Timing the training step of a system's networks, on random batches of the sizes that its config sets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from hiervox.models.base.benchmark.networks import Setting, label_of
from hiervox.models.base.config import ExperimentConfig
from hiervox.models.base.data.batch import Batch
from hiervox.models.base.data.features import build_features
from hiervox.models.base.data.random_clips import RandomClips
from hiervox.models.base.data.setup import FeatureSetup
from hiervox.models.base.pipelines.precision import set_tf32
from hiervox.models.base.registry import SYSTEMS, get_part
from hiervox.models.base.training.cut_task import CutTrainingTask
from hiervox.models.base.training.engine import StepEngine
from hiervox.models.base.training.experiment import build_task, load_experiment
from hiervox.modules.kernels.prepare import use_kernels
from hiervox.utils.device import choose_device
from hiervox.utils.errors import ConfigError
from hiervox.utils.host import peak_memory
from hiervox.utils.registry import nearest, resolve
from hiervox.utils.timing import Timing, measure

PHONEMES_PER_SECOND = 12
PRECISIONS = {"float32": "no", "tf32": "no", "bfloat16": "bf16", "float16": "fp16"}
"""dtype → `train.precision`."""


@dataclass(frozen=True)
class TrainingResult:
    """What a training step took.

    Attributes:
        case: the workload's or the part's name.
        setting: how it was run; the size is what was run.
        parameters: of the network that is trained for inference.
        timing: of the step.
        memory: the most that was held, bytes: by the process, or on a GPU by its tensors.
        losses: of the last step, unweighted.
        gpu: that it ran on; None for the CPU.
    """

    case: str
    setting: Setting
    parameters: int
    timing: Timing
    memory: int
    losses: dict[str, float]
    gpu: str | None = None


def training_cases(system: str) -> dict[str, tuple[str, Mapping[str, Any]]]:
    """What of a system can be trained: name → (part, sections that differ from its defaults).

    The workloads of the card name them; a part that has none goes by its own name.
    """
    card = SYSTEMS.named(system)
    workloads = () if card.workloads is None else resolve(card.workloads)
    cases: dict[str, tuple[str, Mapping[str, Any]]] = {}
    for workload in workloads:
        if (
            workload.part,
            workload.experiment,
        ) not in cases.values():  # several passes of it are trained as one
            cases[workload.name] = (workload.part, workload.experiment)
    named = {part for part, _ in cases.values()}
    cases |= {part.name: (part.name, {}) for part in card.parts if part.name not in named}
    return {name: case for name, case in cases.items() if get_part(system, case[0]).task is not None}


def time_training(
    system: str,
    name: str,
    setting: Setting,
    batch: int | None = None,
    config: Path | None = None,
    overrides: Sequence[str] = (),
) -> TrainingResult:
    """Time the training step of one part, in a process of its own.

    Args:
        system, name: one of `training_cases`.
        setting: how it is run. The seconds are those of utterances; a part that is trained on segments takes
            its config's.
        batch: instead of the size's; None takes `train.batch_size` of the experiment.
        config: of the experiment, a file; None for the case's own. The case's name is then the file's.
        overrides: of keys of that file, as `load_experiment` takes them.

    Raises:
        ConfigError: no such system, case or device, a config of another system, or a batch can't be made up.
    """
    known = training_cases(system)
    if config is None and name not in known:
        raise ConfigError(f"system {system!r} trains no {name!r}", nearest(name, known))
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(_time, system, name, setting, batch, config, overrides).result()


def _time(
    system: str,
    name: str,
    setting: Setting,
    batch: int | None,
    config: Path | None,
    overrides: Sequence[str],
) -> TrainingResult:
    device = choose_device(setting.device)
    if setting.threads is not None:
        torch.set_num_threads(setting.threads)
    set_tf32(setting.dtype != "float32")
    use_kernels(setting.fused)
    if config is None:
        part, sections = training_cases(system)[name]
        experiment = experiment_of(system, part, sections, PRECISIONS[setting.dtype])
    else:
        experiment = load_experiment(config, [*overrides, f"train.precision={PRECISIONS[setting.dtype]}"])
        if experiment.system != system:
            raise ConfigError(f"{config} is of {experiment.system}", f"name that system, not {system}")
    size = replace(setting.size, batch=batch or experiment.train.batch_size, device=str(device))
    task = build_task(experiment)
    assert isinstance(task, CutTrainingTask)
    given = random_batch(experiment, task.batch_fields(), size.batch, size.seconds, size.seed)
    engine = StepEngine(task, setting.device)
    given = {key: value.to(device) if isinstance(value, Tensor) else value for key, value in given.items()}
    losses: dict[str, Tensor] = {}
    done = iter(range(setting.warmup + setting.repeats))
    step = partial(_step, engine, given, losses, done)
    wait = partial(torch.cuda.synchronize, device) if device.type == "cuda" else None
    timing = measure({name: step}, setting.repeats, setting.warmup, wait)[name]
    gpu = torch.cuda.get_device_name(device) if device.type == "cuda" else None
    return TrainingResult(
        case=_label(system, name, setting.fused) if config is None else f"{system}, {config.stem}",
        setting=replace(setting, size=replace(size, seconds=seconds_of(given, experiment))),
        parameters=sum(parameter.numel() for parameter in engine.bare(task.main).parameters()),
        timing=timing,
        memory=peak_memory() if gpu is None else torch.cuda.max_memory_allocated(device),
        losses={term: float(value) for term, value in losses.items()},
        gpu=gpu,
    )


def _label(system: str, name: str, fused: bool) -> str:
    return name if SYSTEMS.named(system).workloads is None else label_of(system, name, fused)


def _step(engine: StepEngine, batch: Batch, losses: dict[str, Tensor], done: Any) -> None:
    losses.update(engine.step(batch, next(done)))


def experiment_of(
    system: str, part: str, sections: Mapping[str, Any], precision: str = "no"
) -> ExperimentConfig:
    """The part's default experiment, but for `sections`."""
    tree: dict[str, Any] = {"system": system, "part": part, "out_dir": ".", **sections}
    tree = {**tree, "data": {"cuts": ".", **tree.get("data", {})}}
    tree["train"] = {**tree.get("train", {}), "precision": precision}
    experiment: ExperimentConfig = resolve(get_part(system, part).config).model_validate(tree)
    return experiment


def seconds_of(batch: Batch, experiment: ExperimentConfig) -> float:
    """Length of a batch's items."""
    frames, setup = int(batch["frames"][0]), FeatureSetup.of(experiment)
    return float(frames / setup.frame_rate)


def random_batch(
    experiment: ExperimentConfig, fields: frozenset[str], items: int, seconds: float, seed: int = 0
) -> Batch:
    """A batch as `models/base/data/dataset.py` makes it, of random values in the ranges of speech.

    Args:
        experiment: whose segments, features and symbols it has.
        fields: of the batch.
        items: B.
        seconds: of utterances, where the experiment is not trained on segments.
        seed: of the values.

    Raises:
        ConfigError: nothing is known of what one of the fields holds.
    """
    setup, data = FeatureSetup.of(experiment), experiment.data
    samples = data.segment_samples or round(seconds * data.sample_rate)
    if data.segment_samples is None and setup.pad_multiple is not None:
        samples = -(-samples // setup.pad_multiple) * setup.pad_multiple
    frames = samples // setup.hop_length
    if data.segment_samples is None and data.max_frames is not None and "tokens" not in fields:
        frames = min(frames, data.max_frames)
    generator = torch.Generator().manual_seed(seed)
    wav = 0.1 * torch.randn(items, frames * setup.hop_length, generator=generator)
    tokens = max(1, round(frames / float(setup.frame_rate) * PHONEMES_PER_SECOND))
    clips = RandomClips(wav, frames, tokens, getattr(experiment, "model", None), generator)
    batch: Batch = {"ids": [str(item) for item in range(items)], "frames": torch.full((items,), frames)}
    for name, feature in build_features(fields, setup).items():
        batch[name] = feature.random(clips)
        if feature.axis == "tokens":
            batch["token_lengths"] = torch.full((items,), tokens)
        elif feature.axis == "own":
            batch[f"{name}_lengths"] = torch.full((items,), batch[name].shape[-1])
        elif feature.axis == "time" and (feature.frame_rate / setup.frame_rate).denominator != 1:
            batch[f"{name}_lengths"] = torch.full((items,), feature.rows(frames))
    return batch

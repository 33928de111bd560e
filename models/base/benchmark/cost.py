"""What a training on a large corpus takes, from what was measured in small."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import torch

from hiervox.models.base.benchmark.training import PRECISIONS
from hiervox.models.base.config import ExperimentConfig
from hiervox.models.base.data.extraction import BLOCKS_NAME
from hiervox.models.base.data.index import open_index, seconds_of
from hiervox.models.base.data.sampling import BatchLimit
from hiervox.models.base.data.setup import FeatureSetup
from hiervox.models.base.training.experiment import build_task
from hiervox.utils.errors import ConfigError
from hiervox.utils.json_files import read_json

FLOAT_BYTES = 4
ADAM_COPIES = 3
"""Weights and two moments, in a checkpoint that a training can go on from."""


@dataclass(frozen=True)
class StepTime:
    """A training step that `hiervox benchmark SYSTEM --train --json FILE` timed.

    Attributes:
        seconds: of the step, median of what one waits.
        memory: bytes that were held.
        batch: utterances in it.
        utterance_seconds: of each.
        device: that it ran on.
    """

    seconds: float
    memory: int
    batch: int
    utterance_seconds: float
    device: str

    @classmethod
    def read(cls, path: Path, experiment: ExperimentConfig) -> StepTime:
        """The step of an experiment.

        Raises:
            ConfigError: the file can't be read, or is of another experiment's steps.
        """
        hint = f"make it with `hiervox benchmark {experiment.system} --train --config CONFIG --json FILE`"
        try:
            tree = read_json(path)
            steps = [_step(result, tree["machine"]) for result in tree["results"]]
        except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
            raise ConfigError(f"{path} holds no times of training steps ({error})", hint) from error
        if not tree["command"].split()[2:3] == [experiment.system]:
            raise ConfigError(f"{path} is not of {experiment.system}: {tree['command']}", hint)
        train = experiment.train
        fitting = [
            step
            for step, dtype in steps
            if (step.batch, PRECISIONS[dtype]) == (train.batch_size, train.precision)
        ]
        if not fitting:
            raise ConfigError(
                f"{path} has no step with train.batch_size {train.batch_size} "
                f"and train.precision {train.precision}",
                hint,
            )
        return fitting[-1]


def _step(result: Mapping[str, Any], machine: Mapping[str, Any]) -> tuple[StepTime, str]:
    setting = result["setting"]
    size = setting["size"]
    step = StepTime(
        median(result["timing"]["wall"]),
        result["memory"],
        size["batch"],
        size["seconds"],
        result["gpu"] or f"{machine['processor']}, {setting['threads'] or machine['cores']} threads",
    )
    return step, setting["dtype"]


@dataclass(frozen=True)
class Sample:
    """A part of the corpus that `hiervox extract` has been through.

    Attributes:
        utterance_seconds: of an utterance, on average.
        feature_bytes: of a second of audio.
        audio_bytes: of a second, as the recordings are stored; None where they are not there.
    """

    utterance_seconds: float
    feature_bytes: float
    audio_bytes: float | None

    @classmethod
    def read(cls, folder: Path) -> Sample:
        """A feature folder.

        Raises:
            DataError: it holds no cuts.
        """
        index = open_index(folder)
        seconds = seconds_of(index.table)
        features = sum(file.stat().st_size for file in (folder / BLOCKS_NAME).glob("*") if file.is_file())
        recordings: dict[Path, float] = {}
        for number in range(len(index)):
            recording = index.cut(number).recording
            recordings[Path(recording.sources[0].source)] = recording.duration
        there = {file: held for file, held in recordings.items() if file.is_file()}
        audio = sum(file.stat().st_size for file in there) / sum(there.values()) if there else None
        return cls(seconds / len(index), features / seconds, audio)


@dataclass(frozen=True)
class Figure:
    """One line of a plan.

    Attributes:
        name: of what.
        value: with its unit.
        rests_on: what it is computed from.
    """

    name: str
    value: str
    rests_on: str


def plan(
    experiment: ExperimentConfig,
    hours: float,
    gpus: int,
    utterance_seconds: float,
    step: StepTime | None = None,
    sample: Sample | None = None,
    extraction_speed: float | None = None,
) -> list[Figure]:
    """Steps, storage, and hours of a training.

    Args:
        experiment: as it is to be trained.
        hours: of speech.
        gpus: processes, each with a device of its own.
        utterance_seconds: of an utterance, where there is no sample.
        step: measured.
        sample: of the corpus.
        extraction_speed: seconds of audio that one process extracts in a second.

    Returns:
        Figures; what nothing was measured for is left out.
    """
    train = experiment.train
    length = sample.utterance_seconds if sample else utterance_seconds
    source = "the sample" if sample else "given"
    figures = [Figure("length of an utterance", f"{length:.1f} s", source)]
    batch = _batch(experiment, length)
    together = batch * train.accumulate * gpus
    epoch = max(1, round(hours * 3600 / length / together))
    figures += [
        Figure("utterances", f"{hours * 3600 / length:,.0f}", f"{hours:,g} h"),
        Figure("utterances to a step", f"{together:,.0f}", f"{batch} × {train.accumulate} × {gpus} GPUs"),
        Figure("steps of an epoch", f"{epoch:,}", "utterances"),
        Figure("steps", f"{train.max_steps:,}", "train.max_steps"),
        Figure("epochs", f"{train.max_steps / epoch:,.1f}", "steps"),
    ]
    if step is not None:
        said = f"{step.seconds:.3g} s a step of {step.utterance_seconds:.1f} s utterances on {step.device}"
        total = train.max_steps * train.accumulate * step.seconds / 3600
        figures += [
            Figure("memory of a device", f"{step.memory / 1e9:.1f} GB", said),
            Figure(
                "training",
                f"{total:,.1f} h",
                f"{said}; exchange between GPUs, validation and saving not counted",
            ),
            Figure("devices' time", f"{total * gpus:,.0f} h", f"{gpus} of them"),
        ]
    if extraction_speed is not None:
        figures.append(
            Figure(
                "extraction",
                f"{hours / extraction_speed / gpus:,.1f} h",
                f"{extraction_speed:g} times real time of one process, {gpus} processes",
            )
        )
    if sample is not None:
        figures.append(_stored("features", sample.feature_bytes, hours))
        if sample.audio_bytes is not None:
            figures.append(_stored("recordings", sample.audio_bytes, hours))
    figures.append(_checkpoints(experiment))
    return figures


def _batch(experiment: ExperimentConfig, seconds: float) -> int:
    """Utterances that one process takes at once."""
    data, most = experiment.data, experiment.train.max_batch_seconds
    rate = float(FeatureSetup.of(experiment).frame_rate)
    frames = data.segment_samples / data.sample_rate * rate if data.segment_samples else seconds * rate
    if data.segment_samples is None and data.max_frames is not None:
        frames = min(frames, data.max_frames)
    return BatchLimit(experiment.train.batch_size, most and most * rate).cuts(max(1, round(frames)))


def _stored(name: str, bytes_a_second: float, hours: float) -> Figure:
    return Figure(
        name,
        f"{bytes_a_second * hours * 3600 / 1e9:,.1f} GB",
        f"{bytes_a_second / 1e3:.1f} kB a second, the sample",
    )


def _checkpoints(experiment: ExperimentConfig) -> Figure:
    """Those that stay, with what resuming needs."""
    train = experiment.train
    with torch.device("meta"):
        task = build_task(experiment)
        networks = task.build_networks()
    sizes = {
        name: sum(weight.numel() for weight in network.parameters()) for name, network in networks.items()
    }
    main = sizes[task.main] * FLOAT_BYTES
    whole = sum(sizes.values()) * FLOAT_BYTES * ADAM_COPIES + main * (1 + (train.ema_decay is not None))
    numbers = ", ".join(f"{name} {size / 1e6:.1f} M" for name, size in sizes.items())
    total = train.keep_last * whole + train.keep_best * main
    return Figure(
        "checkpoints",
        f"{total / 1e9:,.2f} GB",
        f"{numbers}; {train.keep_last} whole, {train.keep_best} of weights",
    )

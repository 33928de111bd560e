"""The trace and the page of every system at test size: `python -m tests.bins.visualization.systems`.

Prints a row for each system: its stages, the series with their steps, and the size of the page. Ends with 1
where a system has no trace, or where the last step of a sampler is not the result.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import typer

import hiervox
from hiervox.bins.visualization.page import Condition, visualization_page
from hiervox.models.base.pipelines.trace import Stage, Subject
from hiervox.models.base.registry import SYSTEMS
from hiervox.models.base.tasks import TASKS
from hiervox.utils.errors import HierVoxError
from hiervox.utils.registry import resolve
from tests.models.svc.tiny import tiny_content
from tests.models.test_broken_weights import MODELS, PROMPTED, RATE, WAV, WRITERS
from tests.models.tts.hierspeechpp.tiny_bundle import write_tiny_bundle

STEPS = 3
TEXTS = {"picoaudio": "bell at 0.5-1.0"}
CONTROLS: dict[str, dict[str, Any]] = {
    "f5_tts": {"prompt_text": "Hm."},
    "valle": {"prompt_text": "Hm."},
    "diffwavenet_svc": {"steps": 5},
}


def write_speechsr(folder: Path) -> None:
    """A checkpoint of super-resolution."""
    (write_tiny_bundle(folder.parent / "bundle") / "speechsr24").rename(folder)


WRITTEN = {**WRITERS, "speechsr": write_speechsr}


def stages_of(name: str, folder: Path) -> list[Stage]:
    """All stages of a system."""
    WRITTEN[name](folder)
    pipeline = hiervox.load(folder, device="cpu")
    task, given = SYSTEMS[name].task, CONTROLS.get(name)
    if task == "svc":
        configs = pipeline.converter.experiment.features.content
        pipeline.converter.content = [tiny_content(config, "cpu") for config in configs]
    prompt = (WAV, RATE) if name in PROMPTED or name == "hiervst" else "ada" if task == "svc" else None
    subject = Subject(
        text=TEXTS.get(name, "Hello there.") if TASKS[task].takes == "text" else None,
        recording=(WAV[:4800] if name in MODELS else WAV, RATE),
        voice=prompt,
        controls=pipeline.controls(**given) if given else None,
        most_steps=STEPS,
    )
    traced = TASKS[task].trace
    stages: Iterator[Stage] = resolve(traced)(pipeline, subject) if traced else pipeline.trace(subject)
    return list(stages)


def fault_of(stages: list[Stage]) -> str:
    """What is wrong with a trace; empty for nothing."""
    result = next((stage for stage in stages if stage.name == "result"), None)
    if result is None or result.sound is None:
        return "there is no result"
    sampled = [stage for stage in stages if stage.series and stage.name.startswith("step ")]
    for series in dict.fromkeys(stage.series for stage in sampled):
        *_, last = (stage for stage in sampled if stage.series == series)
        if last.sound is None or not np.array_equal(last.sound[0], result.sound[0]):
            return f"the last step of {series} is not the result"
    return ""


def main() -> int:
    """Try them all."""
    faults = 0
    for name in WRITTEN:
        if TASKS[SYSTEMS[name].task].verb == "align":  # makes no sound
            continue
        begun = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            try:
                stages = stages_of(name, Path(folder) / name)
                fault = fault_of(stages)
                page = visualization_page(name, {}, [Condition(name, stages)])
            except HierVoxError as error:
                stages, page, fault = [], "", str(error)
        faults += bool(fault)
        series: dict[str, int] = {}
        for stage in stages:
            series[stage.series or stage.name] = series.get(stage.series or stage.name, 0) + 1
        said = ", ".join(f"{key} ({count})" if count > 1 else key for key, count in series.items())
        spent = time.monotonic() - begun
        typer.echo(f"{name}: {said}; {len(page) / 1e6:.2f} MB, {spent:.1f} s; {fault or 'good'}")
    return int(faults > 0)


if __name__ == "__main__":
    sys.exit(main())

"""Count the floating-point operations of a training step, for `step_flops.json`, which the estimate reads.

`python step_flops.py conf/text_to_vec.json5 conf/synthesizer.json5 ... >step_flops.json`
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import torch
from estimate import counted_part
from torch.utils.flop_counter import FlopCounterMode

from hiervox.models.base.data.batch import Batch
from hiervox.models.base.training.engine import StepEngine
from hiervox.models.base.training.experiment import build_task, load_experiment
from hiervox.processors.audio import FRAME_RATE

LENGTHS = (60, 120)
"""Frames of the clips that are counted; what lies between and beyond is a straight line."""
FRAMES_PER_TOKEN = 5  # read English: 10 phonemes a second


def clip(frames: int, semantic_channels: int, rate: int) -> Batch:
    """One clip of noise."""
    tokens = frames // FRAMES_PER_TOKEN
    return {
        "ids": ["noise"],
        "frames": torch.tensor([frames]),
        "wav": 0.1 * torch.randn(1, frames * rate // FRAME_RATE),
        "f0": torch.full((1, 4 * frames), 120.0),
        "semantic": torch.randn(1, semantic_channels, frames),
        "semantic_perturbed": torch.randn(1, semantic_channels, frames),
        "tokens": torch.randint(1, 170, (1, tokens)),
        "token_lengths": torch.tensor([tokens]),
    }


def flops_of(config: Path) -> dict[str, str | float]:
    """Part and size, and operations of a step for one clip: `clip`, and `frame` more for each frame of it."""
    task = build_task(load_experiment(config))
    engine = StepEngine(task, "cpu")
    rate = getattr(task, "sample_rate", 16_000)
    cropped = task.config.part == "speechsr"  # it only ever sees segments
    lengths = (task.config.data.max_frames,) * 2 if cropped else LENGTHS
    counts = []
    for frames in lengths:
        channels = getattr(task.config.model, "semantic_channels", 1)  # type: ignore[attr-defined]
        with FlopCounterMode(display=False) as counter:
            engine.step(clip(frames, channels, rate), 0)
        counts.append(counter.get_total_flops())
    frame = 0.0 if cropped else (counts[1] - counts[0]) / (lengths[1] - lengths[0])
    parameters = sum(parameter.numel() for parameter in engine.bare(task.main).parameters())
    return {
        "part": counted_part(task.config),
        "parameters": parameters,
        "clip": counts[0] - frame * lengths[0],
        "frame": frame,
    }


def main() -> None:
    """Count all that are named."""
    counts = {Path(name).stem: flops_of(Path(name)) for name in sys.argv[1:]}
    sys.stdout.write(json.dumps(counts, indent=2) + "\n")


if __name__ == "__main__":
    main()

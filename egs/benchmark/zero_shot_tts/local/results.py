"""Write RESULTS.md: what `hiervox evaluate` found, what each model costs, and the papers' own figures."""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import re
import time
from pathlib import Path

import torch

import hiervox
from hiervox.models.base.checkpoints.checkpoint import WEIGHTS_NAME, find_checkpoint, load_weights
from hiervox.models.base.pipelines.bundle import is_checkpoint, parts_of
from hiervox.utils.files import write_text

TEXT = "The quick brown fox jumps over the lazy dog, and runs away into the forest behind the house."
PUBLISHED = """## The papers' own figures

Not comparable with the table above: other data (LibriTTS, LibriLight), other sizes, other recognisers and
speaker encoders. From the papers' tables, zero-shot text to speech:

| | WER (%) | speaker similarity | source |
|---|---|---|---|
| VALL-E | 5.9 | 0.580 (WavLM-TDNN) | arXiv 2301.02111, table 2, LibriSpeech test-clean, prompts of 3 s |
| VALL-E, continuing the prompt | 3.8 | 0.508 (WavLM-TDNN) | the same |
| recordings | 2.2 | 0.754 (WavLM-TDNN) | the same |

VITS (arXiv 2106.06103) reports opinion scores of trained speakers only: 4.43 on LJ Speech, 4.38 on VCTK."""


def parameters_of(model: Path) -> float:
    """Millions of weights and buffers of a checkpoint, or of all networks of a bundle."""
    folders = [model] if is_checkpoint(model) else [part.folder for part in parts_of(model)]
    files = [find_checkpoint(folder) / WEIGHTS_NAME for folder in folders]
    return sum(tensor.numel() for file in files for tensor in load_weights(file).values()) / 1e6


def training_minutes(runs: Path) -> float:
    """Minutes of the optimizer's steps of all runs of a folder."""
    total = 0.0
    for metrics in runs.glob("*/metrics.jsonl"):
        lines = [json.loads(line) for line in metrics.read_text(encoding="utf-8").splitlines()]
        total += sum(line.get("seconds", 0.0) for line in lines if line.get("split") == "train")
    return total / 60


def real_time_factor(name: str, model: Path, prompt: Path, prompt_text: str, device: str) -> float:
    """Seconds of computation to a second of speech, for one sentence, the networks loaded and warm."""
    pipeline = hiervox.load(model, "tts", device)
    wanted = {"stop_at_bound": True, "frames_per_token": 6, "prompt_text": prompt_text}
    known = {key: value for key, value in wanted.items() if key in pipeline.controls.model_fields}
    controls = pipeline.controls(**known)
    voice = pipeline.voice(prompt)
    pipeline.tts("Hello.", voice, controls)
    begun = time.perf_counter()
    speech = pipeline.tts(TEXT, voice, controls)
    return (time.perf_counter() - begun) * speech.rate / speech.wav.size


def main() -> None:
    """Parse and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", nargs="+", required=True, metavar="NAME=FOLDER")
    parser.add_argument("--exp", type=Path, required=True)
    parser.add_argument("--prompt", type=Path, required=True)
    parser.add_argument("--prompt-text", required=True)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    lines = ["| system | parameters (M) | training (min) | real-time factor |", "|---|---|---|---|"]
    for name, _, folder in (one.partition("=") for one in arguments.models):
        model = Path(folder)
        minutes = training_minutes(arguments.exp / name / "runs")
        factor = real_time_factor(name, model, arguments.prompt, arguments.prompt_text, arguments.device)
        trained = f"{minutes:.1f}" if minutes else "given"
        lines.append(f"| {name} | {parameters_of(model):.2f} | {trained} | {factor:.2f} |")
    machine = f"{os.cpu_count()} CPU cores ({platform.machine()}), PyTorch {torch.__version__}"
    judged = (arguments.exp / "evaluation" / "summary.md").read_text(encoding="utf-8")
    text = (
        f"# Zero-shot text to speech\n\n{datetime.date.today()}, {machine}. Every network that was "
        "trained here had the same number of optimizer steps, and what so few leave is not what the systems "
        "can do. A given model had a training of its own, which the others are not comparable with.\n\n"
        + "\n".join(lines)
        + "\n\n"
        + re.sub(r"^# ", "## ", judged, count=1)
        + f"\n{PUBLISHED}\n"
    )
    write_text(arguments.out, text)


if __name__ == "__main__":
    main()

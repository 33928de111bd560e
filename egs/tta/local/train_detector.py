"""Train a detector of sound events on recordings whose table says when each is heard (column `timing`).

It prints how many of the events of the test recordings it finds, and its F1 over frames. Nothing is done
where the corpus has no times, or the detector is there.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from hiervox.evaluation.sound_events import (
    MEL,
    NAMES,
    POOLING,
    THRESHOLD,
    SoundEventNetwork,
    save_detector,
)
from hiervox.models.base.data.manifest import CUTS_NAME, read_cuts, supervision_of
from hiervox.processors.audio import read_audio
from hiervox.processors.event_times import Events, parse_events

FRAME_RATE = MEL.frame_rate / POOLING
LEARNING_RATE = 2e-3
LOG_EVERY = 50


def recordings(folder: Path) -> list[tuple[Path, Events]]:
    """Sound files and their events."""
    found = []
    for cut in read_cuts(folder / CUTS_NAME):
        supervision = supervision_of(cut)
        timing = str((supervision.custom or {}).get("timing", "")) if supervision else ""
        if timing:
            found.append((Path(cut.recording.sources[0].source), parse_events(timing)))
    return found


def example(file: Path, events: Events, names: list[str], frames: int) -> tuple[Tensor, Tensor]:
    """Waveform (T,) and what is heard when, (events, frames)."""
    wav, _ = read_audio(file, MEL.sample_rate)
    samples = frames * POOLING * MEL.hop_length
    heard = torch.zeros(len(names), frames)
    for name, spans in events.items():
        for begin, end in spans:
            heard[names.index(name), round(begin * FRAME_RATE) : round(end * FRAME_RATE)] = 1
    padded = np.pad(wav[:samples], (0, max(0, samples - len(wav))))
    return torch.from_numpy(padded), heard


def main() -> None:
    """Train, test and save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cuts", type=Path, required=True, help="to train on")
    parser.add_argument("--test", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--batch-size", type=int, default=8)
    given = parser.parse_args()
    if (given.out / NAMES).is_file():
        return
    training, testing = recordings(given.cuts), recordings(given.test)
    if not training or not testing:
        sys.stdout.write("the recordings have no times: no detector\n")
        return
    names = sorted({name for _, events in training for name in events})
    longest = max(end for _, events in training for spans in events.values() for _, end in spans)
    frames = int(np.ceil(longest * FRAME_RATE)) + 1
    torch.manual_seed(0)
    network = SoundEventNetwork(len(names))
    optimizer = torch.optim.AdamW(network.parameters(), LEARNING_RATE)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, LEARNING_RATE, total_steps=given.steps)
    draw = np.random.default_rng(0)
    for step in range(given.steps):
        chosen = [training[place] for place in draw.integers(len(training), size=given.batch_size)]
        wavs, heard = map(torch.stack, zip(*(example(*each, names, frames) for each in chosen), strict=True))
        level = 10 ** torch.empty(len(wavs), 1).uniform_(-0.5, 0.2)
        loss = functional.binary_cross_entropy_with_logits(network(level * wavs), heard)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        schedule.step()
        if step % LOG_EVERY == 0:
            sys.stdout.write(f"step {step}: {loss.item():.4f}\n")
            sys.stdout.flush()
    save_detector(given.out, network, names)
    report(network.eval(), [example(*each, names, frames) for each in testing])


@torch.inference_mode()
def report(network: SoundEventNetwork, examples: list[tuple[Tensor, Tensor]]) -> None:
    """Print how well the test recordings' events are found."""
    asked = found = wrong = 0
    true = false = missed = 0.0
    for wav, heard in examples:
        told = network(wav[None])[0].sigmoid() > THRESHOLD
        wanted = heard > 0
        asked += int(wanted.any(1).sum())
        found += int((wanted.any(1) & told.any(1)).sum())
        wrong += int((~wanted.any(1) & told.any(1)).sum())
        true += float((wanted & told).sum())
        false += float((~wanted & told).sum())
        missed += float((wanted & ~told).sum())
    f1 = 2 * true / max(1.0, 2 * true + false + missed)
    sys.stdout.write(
        f"{found} of {asked} events of recordings found, {wrong} others; F1 over frames {100 * f1:.1f} %\n"
    )


if __name__ == "__main__":
    main()

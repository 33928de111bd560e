"""How near super-resolution comes to held-out recordings above 8 kHz, and how long it takes.

Each recording is lowered to 16 kHz and raised again: by sinc interpolation, which adds nothing, and by each
checkpoint. Printed are, over the frames in which something is recorded up there, the log-spectral distance
bin by bin, and the mean difference of the levels of bands of 1 kHz, which asks for the envelope alone: two
noises with the same envelope are about 7 dB apart bin by bin, and 1 dB by their bands.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from hiervox.models.sr.speechsr.config import INPUT_RATE
from hiervox.models.sr.speechsr.pipeline import SpeechSRPipeline
from hiervox.processors.audio import Waveform, read_audio, resample

EDGE = 8_000
BAND = 1_000
WINDOW_SECONDS, HOP_SECONDS = 0.04, 0.01
QUIET_DB = -30
"""Frames whose new band is so far below its loudest are left out."""
FLOOR = 1e-10
TIMED_SECONDS = 4

Array = NDArray[np.float64]


def levels(wav: Waveform, rate: int, edge: int = EDGE) -> tuple[Array, Array]:
    """Powers above an edge (Hz), of bins (frames, bins) and of bands (frames, bands)."""
    window, hop = round(WINDOW_SECONDS * rate), round(HOP_SECONDS * rate)
    frames = np.lib.stride_tricks.sliding_window_view(np.pad(wav, (0, window)), window)[::hop]
    power = np.abs(np.fft.rfft(frames * np.hanning(window))) ** 2 / window
    bins = power[:, round(edge * WINDOW_SECONDS) :]
    wide = round(BAND * WINDOW_SECONDS)
    bands = bins[:, : bins.shape[1] // wide * wide].reshape(len(bins), -1, wide).mean(axis=2)
    return bins, bands


def distances(recorded: Waveform, raised: Waveform, rate: int) -> tuple[Array, Array]:
    """Log-spectral distance (dB) and mean band difference (dB) of each frame that is not quiet."""
    length = min(recorded.size, raised.size)
    (bins, bands), (our_bins, our_bands) = (levels(wav[:length], rate) for wav in (recorded, raised))
    loud = bands.mean(axis=1) > bands.mean(axis=1).max() * 10 ** (QUIET_DB / 10)
    by_bin = _decibels(our_bins[loud]) - _decibels(bins[loud])
    by_band = _decibels(our_bands[loud]) - _decibels(bands[loud])
    return np.sqrt(np.mean(by_bin**2, axis=1)), np.mean(np.abs(by_band), axis=1)


def _decibels(power: Array) -> Array:
    decibels: Array = 10 * np.log10(power + FLOOR)
    return decibels


def real_time_factor(raise_rate: Callable[[Waveform], Waveform], threads: int, rounds: int = 3) -> float:
    """Median seconds by the clock that a second of speech takes."""
    torch.set_num_threads(threads)
    wav = np.random.default_rng(0).normal(0, 0.05, TIMED_SECONDS * INPUT_RATE).astype(np.float32)
    raise_rate(wav)
    taken = []
    for _ in range(rounds):
        start = time.perf_counter()
        raise_rate(wav)
        taken.append(time.perf_counter() - start)
    return float(np.median(taken)) / TIMED_SECONDS


def main() -> None:
    """Parse, measure, print a Markdown table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--manifest", type=Path, required=True, help="of held-out recordings: JSONL with `audio`"
    )
    parser.add_argument("--rate", type=int, required=True, choices=(24_000, 48_000))
    parser.add_argument("--threads", type=int, nargs="*", default=[], help="time it with so many threads")
    parser.add_argument("checkpoints", type=Path, nargs="*", metavar="CHECKPOINT")
    arguments = parser.parse_args()
    rate = arguments.rate

    systems: dict[str, Callable[[Waveform], Waveform]] = {
        "sinc interpolation": lambda low: resample(low, INPUT_RATE, rate)
    }
    for checkpoint in arguments.checkpoints:
        pipeline = SpeechSRPipeline.load(checkpoint)
        systems[checkpoint.name] = lambda low, pipeline=pipeline: pipeline.upsample(low, INPUT_RATE)[0]
    rows = [json.loads(line) for line in arguments.manifest.read_text(encoding="utf-8").splitlines()]
    timed = [f"RTF, {threads} threads" for threads in arguments.threads]
    recordings = [read_audio(arguments.manifest.parent / row["audio"], rate)[0] for row in rows]

    print("| " + " | ".join(["system", "log-spectral distance, dB", "bands, dB", *timed]) + " |")  # noqa: T201
    print("|" + "---|" * (3 + len(timed)))  # noqa: T201
    for name, raise_rate in systems.items():
        torch.set_num_threads(1)
        pairs = [(wav, raise_rate(resample(wav, rate, INPUT_RATE))) for wav in recordings]
        by_bin, by_band = (
            np.concatenate(figures)
            for figures in zip(*(distances(*pair, rate) for pair in pairs), strict=True)
        )
        factors = [f"{real_time_factor(raise_rate, threads):.3f}" for threads in arguments.threads]
        cells = [name, f"{by_bin.mean():.2f}", f"{by_band.mean():.2f}", *factors]
        print("| " + " | ".join(cells) + " |")  # noqa: T201


if __name__ == "__main__":
    main()

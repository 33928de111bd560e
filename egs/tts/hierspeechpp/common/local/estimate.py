"""Print what the stages of a recipe will take of disk and time, and how each figure is known."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from hiervox.models.base.config import ExperimentConfig
from hiervox.models.base.data.plan import load_plan
from hiervox.models.base.data.setup import FeaturesConfig
from hiervox.models.base.training.experiment import build_task, load_experiment
from hiervox.processors.audio import FRAME_RATE, SAMPLE_RATE
from hiervox.utils.errors import HierVoxError

# LibriTTS: hours from its paper (arXiv 1904.02882), archives in GB from OpenSLR 60.
LIBRITTS_HOURS = {
    "train-clean-100": 53.78, "train-clean-360": 191.29, "train-other-500": 310.08,
    "dev-clean": 8.97, "dev-other": 6.43, "test-clean": 8.56, "test-other": 6.69,
}  # fmt: skip
LIBRITTS_GB = {
    "train-clean-100": 7.7, "train-clean-360": 27, "train-other-500": 44,
    "dev-clean": 1.2, "dev-other": 0.9, "test-clean": 1.2, "test-other": 1.0,
}  # fmt: skip
LIBRITTS_SECONDS = 5.6
PUBLISHED = ("libritts", "librittsr", "vctk")
"""Corpora whose hours are known before they are fetched."""
SUMMARY = Path("data", "train", "summary.json")
VCTK_HOURS, VCTK_GB, VCTK_SECONDS = 44.0, 11.0, 3.6  # its paper and its page
WAV_GB_AN_HOUR = 24_000 * 2 * 3600 / 1e9

MEASURED = "measured on one core of an AMD EPYC"
# Seconds of one core to an hour of speech. MMS's is of a network of its size with random weights.
SECONDS_AN_HOUR = {
    "validate": 40.0, "decode": 16.0, "dio": 28.0, "yaapt": 240.0,
    "perturb": 28.0, "whisper": 32.0, "wav2vec2": 850.0,
}  # fmt: skip
CPU_TFLOPS = 0.1
"""Of two cores of an AMD EPYC, float32: 6.2 s a step of the published synthesizer on two clips of 4 s."""
STEP_FLOPS = Path(__file__).parents[1] / "step_flops.json"
SAME_SIZE = 0.06
"""Counts of operations serve networks whose parameters differ by no more than this share."""


@dataclass(frozen=True)
class Corpus:
    """What is trained on: hours, mean length of an utterance in seconds, and how both are known."""

    hours: float
    seconds: float
    source: str


@dataclass(frozen=True)
class Cost:
    """One line of the table; None where a figure is not known."""

    stage: int
    name: str
    gigabytes: float | None
    hours: float | None
    source: str

    def line(self) -> str:
        """As it is printed."""
        disk = "-" if self.gigabytes is None else _short(self.gigabytes)
        hours = "?" if self.hours is None else _short(self.hours)
        return f"  {self.stage} {self.name:<12}{disk:>8} GB{hours:>8} h  {self.source}"


def _short(value: float) -> str:
    return f"{value:.0f}" if value >= 20 else f"{value:.1f}" if value >= 0.1 else "<0.1"


def corpus_of(given: argparse.Namespace) -> Corpus:
    """The corpus as prepared, or else as published."""
    summary = given.exp / SUMMARY
    if summary.is_file():
        tree = json.loads(summary.read_text(encoding="utf-8"))
        return Corpus(tree["hours"], 3600 * tree["hours"] / tree["utterances"], "counted in stage 2")
    if given.corpus == "vctk":
        return Corpus(VCTK_HOURS, VCTK_SECONDS, "VCTK as published")
    hours = sum(LIBRITTS_HOURS.get(part, 0.0) for part in given.parts)
    return Corpus(hours, LIBRITTS_SECONDS, "LibriTTS as published")


def overrides_of(part: str, overrides: Sequence[str]) -> list[str]:
    """Those of `KEY=VALUE` and `PART:KEY=VALUE` that are for a part, as a recipe has it."""
    chosen = []
    for override in overrides:
        name, colon, rest = override.partition(":")
        if colon and "=" not in name:
            chosen += [rest] if name == part else []
        elif not (override.startswith("features.") and part.startswith("speechsr")):
            chosen.append(override)
    return chosen


def costs(corpus: Corpus, given: argparse.Namespace) -> Iterator[Cost]:
    """What each of the stages asked for costs; the last two are small beside the others."""
    stages = range(given.stages[0], given.stages[1] + 1)
    if 1 in stages:
        yield _download(given)
    if 2 in stages:
        yield Cost(2, "prepare", 0.001 * corpus.hours, None, "reads every header")
    if 3 in stages:
        hours = corpus.hours * SECONDS_AN_HOUR["validate"] / 3600 / given.jobs
        yield Cost(3, "validate", 0.001 * corpus.hours, hours, f"{MEASURED}, over {given.jobs} processes")
    if 4 in stages:
        yield _features(corpus, given)
    trained = [(5, "text_to_vec", given.text_to_vec), (6, "synthesizer", given.synthesizer)]
    upsamplers = [f"speechsr{rate // 1000}" for rate in given.rates]
    trained += [(7, name, given.speechsr / f"{name}.json5") for name in upsamplers]
    for stage, name, config in trained:
        if stage in stages:
            yield _training(stage, name, config, corpus, given)


def _download(given: argparse.Namespace) -> Cost:
    if given.corpus == "vctk":
        return Cost(1, "download", 2 * VCTK_GB, None, "archive and files; time is your connection's")
    parts = [*given.parts, *given.test_parts]
    archives = sum(LIBRITTS_GB.get(part, 0.0) for part in parts)
    files = WAV_GB_AN_HOUR * sum(LIBRITTS_HOURS.get(part, 0.0) for part in parts)
    return Cost(1, "download", archives + files, None, "archives and files; time is your connection's")


def semantic_channels(features: FeaturesConfig) -> int:
    """Channels of the two encoders that the recipe offers: MMS-300m, and Whisper tiny.en."""
    return 1024 if features.semantic.family == "wav2vec2" else 384


def feature_bytes(features: FeaturesConfig) -> int:
    """Bytes a second of speech: waveform in int16, F0 in float32, semantic vectors in float16."""
    vectors = 2 * semantic_channels(features) * FRAME_RATE * (1 + features.perturbed_copies)
    return 2 * SAMPLE_RATE + 4 * 4 * FRAME_RATE + vectors


def _features(corpus: Corpus, given: argparse.Namespace) -> Cost:
    features = load_plan([given.synthesizer], overrides_of("synthesizer", given.overrides))[1].features
    gigabytes = feature_bytes(features) * corpus.hours * 3600 / 1e9
    rates, copies = SECONDS_AN_HOUR, features.perturbed_copies
    pitch = rates.get(features.pitch.method)
    if pitch is None:
        return Cost(4, "features", gigabytes, None, f"{features.pitch.method} was not measured")
    seconds = rates["decode"] + pitch + copies * rates["perturb"]
    source = f"{MEASURED}, over {given.processes} processes"
    if given.device == "cpu":
        seconds += (1 + copies) * rates[features.semantic.family]
    else:
        source += "; the encoder, on a GPU, was not measured and is left out"
    return Cost(4, "features", gigabytes, corpus.hours * seconds / 3600 / given.processes, source)


def _training(stage: int, name: str, config: Path, corpus: Corpus, given: argparse.Namespace) -> Cost:
    required = [f"data.cuts={given.exp}", f"out_dir={given.exp}"]
    experiment = load_experiment(config, [*required, *overrides_of(name, given.overrides)])
    with torch.device("meta"):
        networks = build_task(experiment).build_networks()
    sizes = {key: sum(p.numel() for p in network.parameters()) for key, network in networks.items()}
    flops = step_flops(experiment, sizes["main"], corpus)
    gigabytes = checkpoint_bytes(experiment, sizes) / 1e9
    train = experiment.train
    batch = train.batch_size * train.accumulate * given.processes
    what = f"{train.max_steps} steps of {batch} utterances"
    if flops is None:
        return Cost(stage, name, gigabytes, None, f"{what}; this size was not counted, see metrics.jsonl")
    if given.device == "cpu":
        tflops, how = CPU_TFLOPS, "as two AMD EPYC cores were measured"
    else:
        tflops, how = given.tflops, "assumed, no GPU was measured"
    hours = flops * train.max_steps / (tflops * 1e12) / 3600
    return Cost(stage, name, gigabytes, hours, f"{what} at {tflops:g} TFLOP/s a process ({how})")


def counted_part(experiment: ExperimentConfig) -> str:
    """What `step_flops.json` calls the part: SpeechSR's steps differ by rate, not by size."""
    rate = getattr(experiment.model, "rate", None)  # type: ignore[attr-defined]
    return experiment.part if rate is None else f"{experiment.part}{rate // 1000}"


def step_flops(experiment: ExperimentConfig, parameters: int, corpus: Corpus) -> float | None:
    """Operations of one process in a step; None where no network of this size was counted."""
    counted = json.loads(STEP_FLOPS.read_text(encoding="utf-8"))
    same_part = [entry for entry in counted.values() if entry["part"] == counted_part(experiment)]
    nearest = min(same_part, key=lambda entry: abs(entry["parameters"] - parameters))
    if abs(nearest["parameters"] / parameters - 1) > SAME_SIZE:
        return None
    frames = min(FRAME_RATE * corpus.seconds, experiment.data.max_frames or float("inf"))
    clips = experiment.train.batch_size * experiment.train.accumulate
    return clips * (nearest["clip"] + frames * nearest["frame"])


def checkpoint_bytes(experiment: ExperimentConfig, sizes: dict[str, int]) -> int:
    """All that a run keeps: whole checkpoints, one more while it is written, and the best ones' weights."""
    train = experiment.train
    weights = 4 * sizes["main"]
    state = 3 * 4 * sum(sizes.values()) + (weights if train.ema_decay else 0)  # weights and two moments
    return (train.keep_last + 1) * (weights + state) + train.keep_best * weights


def main() -> None:
    """Parse and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", required=True)
    parser.add_argument("--parts", nargs="*", default=["train-clean-100", "train-clean-360"])
    parser.add_argument("--test-parts", nargs="*", default=["test-clean"])
    parser.add_argument("--test-speakers", type=int, default=8)
    parser.add_argument("--exp", type=Path, required=True)
    parser.add_argument("--text-to-vec", type=Path, required=True)
    parser.add_argument("--synthesizer", type=Path, required=True)
    parser.add_argument("--speechsr", type=Path, required=True, help="folder of the configs of both rates")
    parser.add_argument("--rates", type=int, nargs="*", default=[])
    parser.add_argument("--processes", type=int, required=True)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--tflops", type=float, required=True)
    parser.add_argument("--stages", type=int, nargs=2, required=True)
    parser.add_argument("--set", dest="overrides", action="append", default=[])
    given = parser.parse_args()
    if given.device == "auto":
        given.device = "cuda" if torch.cuda.is_available() else "cpu"
    if given.corpus not in PUBLISHED and not (given.exp / SUMMARY).is_file():
        sys.stdout.write("What the stages will take is estimated when stage 2 has counted the corpus.\n")
        return
    corpus = corpus_of(given)
    lines = [f"{corpus.hours:.2f} h of speech ({corpus.source}). What the stages will take:"]
    chosen = list(costs(corpus, given))
    lines += [cost.line() for cost in chosen]
    lines.append(f"  in all       {_short(sum(cost.gigabytes or 0 for cost in chosen)):>9} GB")
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    try:
        main()
    except HierVoxError as error:
        sys.exit(f"estimate.py: {error}")

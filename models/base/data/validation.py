"""Bad recordings are found before training: each is named with its reason and set aside."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from hiervox.models.base.data.manifest import CUTS_NAME, audio_path, read_cuts, text_of, write_cuts
from hiervox.models.base.data.pronunciation import pronounce
from hiervox.models.base.data.waveform import read_waveform
from hiervox.processors.audio import SAMPLE_RATE, Waveform, resample
from hiervox.utils.config import Config
from hiervox.utils.errors import AudioError, DataError, TextError
from hiervox.utils.files import replacing_file

if TYPE_CHECKING:
    from lhotse.cut.data import DataCut

QUARANTINE_NAME = "quarantine.jsonl.gz"
REPORT_NAME = "report.csv"

SILENT_PEAK = 1e-3  # -60 dBFS
CLIPPED_LEVEL = 0.999
CLIPPED_SHARE = 1e-3
VOICED_WINDOW = 2.0
VOICED_SHARE = 0.25
CLEARLY_VOICED_SHARE = 0.4
"""Least share of voiced frames in the loudest `VOICED_WINDOW` seconds, and the share at which DIO is trusted.
In 60 pieces of white noise DIO hears up to 31 % voiced and Harvest up to 20 %. Of 1,471 clean utterances by
372 speakers one falls under."""


class Limits(Config):
    """Lengths that an utterance may have, in seconds."""

    min_seconds: float = 0.5
    max_seconds: float = 30.0


@dataclass(frozen=True)
class Fault:
    """One reason to set an utterance aside.

    Attributes:
        id: of the cut.
        audio: its file.
        reason: `unreadable`, `stereo`, `low_rate`, `too_short`, `too_long`, `silent`, `clipped`, `unvoiced`,
            `no_text` or `unspeakable_text`.
        detail: the figure or the message behind it.
    """

    id: str
    audio: str
    reason: str
    detail: str


@dataclass(frozen=True)
class Validation:
    """What `validate_cuts` found: cuts and seconds that are good, and every fault."""

    good: int
    seconds: float
    faults: list[Fault]

    @property
    def quarantined(self) -> int:
        """How many cuts are set aside."""
        return len({fault.id for fault in self.faults})

    def summary(self) -> str:
        """A few lines for the terminal."""
        lines = [
            f"{self.good} utterances are good ({self.seconds / 60:.1f} min), {self.quarantined} set aside"
        ]
        reasons = Counter(fault.reason for fault in self.faults)
        lines += [f"  {reason}: {count}" for reason, count in reasons.most_common()]
        return "\n".join(lines)


def validate_cuts(
    manifest: Path, out: Path, limits: Limits, jobs: int = 1, symbols: tuple[str, ...] | None = None
) -> Validation:
    """Check every cut of a manifest.

    Writes the good ones to `out/cuts.jsonl.gz`, the others to `out/quarantine.jsonl.gz`, and one line for
    each fault to `out/report.csv`.

    Args:
        manifest: cuts.
        out: a folder.
        limits: of lengths.
        jobs: processes.
        symbols: that given IPA may hold; the published model's by default.

    Raises:
        DataError: the manifest can't be used, or no cut of it is good.
    """
    cuts = read_cuts(manifest)
    if out.resolve() == (manifest if manifest.is_dir() else manifest.parent).resolve():
        raise DataError(f"{out} holds the manifest that is to be validated", "name another folder with --out")
    faults = [
        fault
        for found in _map(partial(faults_of, limits=limits, symbols=symbols), cuts, jobs)
        for fault in found
    ]
    bad = {fault.id for fault in faults}
    good = [cut for cut in cuts if cut.id not in bad]
    write_cuts([cut for cut in cuts if cut.id in bad], out / QUARANTINE_NAME)
    _write_report(faults, out / REPORT_NAME)
    if not good:
        raise DataError(
            f"none of the {len(cuts)} utterances of {manifest} is good", f"see {out / REPORT_NAME}"
        )
    write_cuts(good, out / CUTS_NAME)
    return Validation(len(good), sum(cut.duration for cut in good), faults)


def _map(check: Callable[[DataCut], list[Fault]], cuts: list[DataCut], jobs: int) -> Iterator[list[Fault]]:
    from tqdm import tqdm

    if jobs == 1:
        yield from map(check, tqdm(cuts, desc="validate", unit="cut", disable=None))
        return
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        checked = pool.map(check, cuts, chunksize=16)
        yield from tqdm(checked, total=len(cuts), desc="validate", unit="cut", disable=None)


def _write_report(faults: Iterable[Fault], path: Path) -> None:
    with replacing_file(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["id", "audio", "reason", "detail"])
        writer.writerows([fault.id, fault.audio, fault.reason, fault.detail] for fault in faults)


def faults_of(cut: DataCut, limits: Limits, symbols: tuple[str, ...] | None = None) -> list[Fault]:
    """All reasons to set a cut aside; empty where it is good."""
    found = [*_sound_faults(cut, limits), *_text_faults(cut, symbols)]
    return [Fault(cut.id, str(audio_path(cut)), reason, detail) for reason, detail in found]


def _sound_faults(cut: DataCut, limits: Limits) -> Iterator[tuple[str, str]]:
    rate = cut.recording.sampling_rate
    if cut.recording.num_channels > 1:
        yield "stereo", f"{cut.recording.num_channels} channels: mix or pick one"
    if rate < SAMPLE_RATE:
        yield "low_rate", f"{rate} Hz, at least {SAMPLE_RATE} are needed"
    try:
        wav = read_waveform(cut, rate)
    except AudioError as error:
        yield "unreadable", error.problem
        return
    seconds = wav.size / rate
    if seconds < limits.min_seconds:
        yield "too_short", f"{seconds:.2f} s, at least {limits.min_seconds:g} are needed"
    if seconds > limits.max_seconds:
        yield "too_long", f"{seconds:.2f} s, at most {limits.max_seconds:g} are taken"
    magnitude = np.abs(wav)
    peak = float(magnitude.max())
    if peak < SILENT_PEAK:
        yield "silent", f"peak {20 * np.log10(max(peak, 1e-9)):.0f} dBFS"
        return
    clipped = float((magnitude >= CLIPPED_LEVEL).mean())
    if clipped > CLIPPED_SHARE:
        yield "clipped", f"{clipped:.1%} of the samples at full scale"
    voiced = voiced_share(wav, rate, cut.id)
    if voiced < VOICED_SHARE:
        yield "unvoiced", f"{voiced:.0%} of the loudest {VOICED_WINDOW:g} s voiced"


def _text_faults(cut: DataCut, symbols: tuple[str, ...] | None) -> Iterator[tuple[str, str]]:
    text = text_of(cut)
    if text is None:
        return
    if not text.strip():
        yield "no_text", "the row has no text"
        return
    try:
        pronounce(cut, symbols)
    except TextError as error:
        yield "unspeakable_text", error.problem


def voiced_share(wav: Waveform, rate: int, name: str) -> float:
    """Share of voiced frames in the loudest two seconds of (T,); 0 where no F0 can be tracked.

    DIO is quick, but deaf to some creaky voices: where it hears too little, Harvest has the last word.
    """
    from hiervox.processors.pitch import PitchConfig, extract_f0

    window = round(VOICED_WINDOW * rate)
    power = np.concatenate([[0.0], np.cumsum(np.square(wav, dtype=np.float64))])
    start = int(np.argmax(power[window:] - power[:-window])) if wav.size > window else 0
    loudest = resample(wav[start : start + window], rate, SAMPLE_RATE)
    share = 0.0
    for method in ("dio", "harvest"):
        try:
            f0 = extract_f0(loudest, SAMPLE_RATE, PitchConfig(method=method), name)
        except AudioError:
            return 0.0
        share = float((f0 > 0).mean())
        if share >= CLEARLY_VOICED_SHARE:
            break
    return share

"""Bad recordings are found before training: each is named with its reason and set aside."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import lru_cache, partial
from multiprocessing import get_context
from pathlib import Path

from hiervox.models.base.data.clip import Clip
from hiervox.models.base.data.feature import Feature, Limits
from hiervox.models.base.data.features import FEATURES_NAME, build_features
from hiervox.models.base.data.index import CutIndex, open_index, seconds_of
from hiervox.models.base.data.manifest import CUTS_NAME, audio_path, write_cuts
from hiervox.models.base.data.plan import SPEECH_FIELDS
from hiervox.models.base.data.setup import FeatureSetup
from hiervox.utils.errors import DataError
from hiervox.utils.files import replacing_file, undone_on_failure
from hiervox.utils.outputs import check_outputs

QUARANTINE_NAME = "quarantine.jsonl.gz"
REPORT_NAME = "report.csv"
REPORT_COLUMNS = ("id", "audio", "reason", "detail")
UNUSABLE_AUDIO = ("unreadable", "silent")


@dataclass(frozen=True)
class Issue:
    """One reason to set an utterance aside.

    Attributes:
        id: of the cut.
        audio: its file.
        reason: one word, as a feature's `issues` gives it.
        detail: the figure or the message behind it.
    """

    id: str
    audio: str
    reason: str
    detail: str


@dataclass(frozen=True)
class Validation:
    """What `validate_cuts` found: cuts and seconds that are good, and every issue."""

    good: int
    seconds: float
    issues: list[Issue]

    @property
    def quarantined(self) -> int:
        """How many cuts are set aside."""
        return len({issue.id for issue in self.issues})

    @property
    def reasons(self) -> dict[str, int]:
        """Reason → how many issues have it, the most frequent first."""
        return dict(Counter(issue.reason for issue in self.issues).most_common())

    def summary(self) -> str:
        """A few lines for the terminal."""
        lines = [
            f"{self.good} utterances are good ({self.seconds / 60:.1f} min), {self.quarantined} set aside"
        ]
        lines += [f"  {reason}: {count}" for reason, count in self.reasons.items()]
        return "\n".join(lines)


def validate_cuts(
    manifest: Path,
    out: Path,
    limits: Limits,
    jobs: int = 1,
    fields: Iterable[str] = SPEECH_FIELDS,
    setup: FeatureSetup | None = None,
) -> Validation:
    """Check every cut of a manifest for what some features need.

    Writes the good ones to `out/cuts.jsonl.gz`, the others to `out/quarantine.jsonl.gz`, and one line for
    each issue to `out/report.csv`.

    Args:
        manifest: cuts.
        out: a folder.
        limits: of lengths.
        jobs: processes.
        fields: names of the features; those of speech by default.
        setup: what an experiment says of them.

    Raises:
        ConfigError: there is no such feature; `out` can't be written or holds files that no validation wrote.
        DataError: the manifest can't be used, `out` holds features, or no cut is good.
    """
    index = open_index(manifest)
    if (out / FEATURES_NAME).exists():
        raise DataError(f"{out} holds features", "name another folder with --out")
    files = [out / name for name in (CUTS_NAME, QUARANTINE_NAME, REPORT_NAME)]
    check_outputs(files, inputs=[index.manifest], is_own=_is_of_validation)
    check = _Check(index, tuple(fields), setup or FeatureSetup(), limits)
    issues: list[Issue] = []
    bad: set[int] = set()
    for number, found in enumerate(_map(check, len(index), jobs)):
        if found:
            bad.add(number)
            issues += found
    good = [number for number in range(len(index)) if number not in bad]
    with undone_on_failure() as write:
        write(out / REPORT_NAME, lambda path: _write_report(issues, path))
        write(out / QUARANTINE_NAME, lambda path: write_cuts(map(index.cut, sorted(bad)), path))
        if good:
            write(out / CUTS_NAME, lambda path: write_cuts(map(index.cut, good), path))
    if not good:
        raise DataError(
            f"none of the {len(index)} utterances of {manifest} is good", f"see {out / REPORT_NAME}"
        )
    return Validation(len(good), seconds_of(index.table[good]), issues)


def _is_of_validation(file: Path) -> bool:
    """Whether a file is of an earlier validation, whose report is written before all else."""
    try:
        with (file.parent / REPORT_NAME).open(encoding="utf-8") as stream:
            return stream.readline().rstrip("\n") == ",".join(REPORT_COLUMNS)
    except (OSError, UnicodeDecodeError):
        return False


def _map(check: _Check, count: int, jobs: int) -> Iterator[list[Issue]]:
    from tqdm import tqdm

    bar = partial(tqdm, total=count, desc="validate", unit="cut", disable=None)
    if jobs == 1:
        yield from bar(map(check, range(count)))
        return
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        yield from bar(pool.map(check, range(count), chunksize=16))


def _write_report(issues: Iterable[Issue], path: Path) -> None:
    with replacing_file(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(REPORT_COLUMNS)
        writer.writerows([issue.id, issue.audio, issue.reason, issue.detail] for issue in issues)


@dataclass(frozen=True)
class _Check:
    """All reasons to set a cut aside; none where it is good."""

    index: CutIndex
    fields: tuple[str, ...]
    setup: FeatureSetup
    limits: Limits

    def __call__(self, number: int) -> list[Issue]:
        cut = self.index.cut(number)
        clip = Clip(cut, self.setup)
        issues: list[Issue] = []
        for feature in _features(self.fields, self.setup):
            if any(issue.reason in UNUSABLE_AUDIO for issue in issues) and feature.axis == "time":
                continue  # what it would say is said already
            issues += [
                Issue(cut.id, str(audio_path(cut)), reason, detail)
                for reason, detail in feature.issues(clip, self.limits)
            ]
        return issues


@lru_cache(maxsize=1)
def _features(fields: tuple[str, ...], setup: FeatureSetup) -> list[Feature]:
    """The waveform is looked at first."""
    return sorted(build_features(fields, setup).values(), key=lambda feature: feature.name != "wav")

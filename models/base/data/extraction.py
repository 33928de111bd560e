"""Computing the expensive features once for a whole corpus, in blocks that survive a crash.

Layout of a feature folder::

    features.json text.json corpus.json  what it is made with, and of which cuts
    blocks/00000.h5                    the arrays of 64 cuts
    blocks/00000.jsonl.gz              these cuts, written last: with it the block is done
    blocks/00000.failures.json         cuts of the block that failed, with the reason
    cuts.jsonl.gz extract_failures.csv all blocks together, written when the last one is done
"""

from __future__ import annotations

import csv
import hashlib
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from hiervox.models.base.data.block import BlockExtractor, Failure, failures_path
from hiervox.models.base.data.features import (
    FEATURES_NAME,
    FeatureSetup,
    same_features,
    shared_features,
    write_features,
)
from hiervox.models.base.data.index import CutIndex, open_index, seconds_of
from hiervox.models.base.data.manifest import CUTS_NAME, iterate_trees, read_cuts, write_cuts
from hiervox.models.base.data.processes import LocalLauncher
from hiervox.models.base.data.pronunciation import require_languages
from hiervox.models.base.data.vocabulary import TEXT_NAME, read_symbols, write_symbols
from hiervox.utils.blocks import Launcher, Redone
from hiervox.utils.errors import DataError
from hiervox.utils.files import replacing_file, write_json
from hiervox.utils.json_files import read_json
from hiervox.utils.launch import process_of_launch
from hiervox.utils.logging import get_logger
from hiervox.utils.outputs import check_outputs

BLOCK_CUTS = 64
BLOCKS_NAME = "blocks"
CORPUS_NAME = "corpus.json"
FAILURES_NAME = "extract_failures.csv"

_log = get_logger("extract")


@dataclass(frozen=True)
class Shard:
    """One of `count` runs that share a corpus; it takes every `count`-th block from number `index` on."""

    index: int = 0
    count: int = 1

    @classmethod
    def parse(cls, text: str) -> Shard:
        """`0/2` is the first of two.

        Raises:
            DataError: it is not of this form.
        """
        index, slash, count = text.partition("/")
        if slash and index.isdecimal() and count.isdecimal() and int(index) < int(count):
            return cls(int(index), int(count))
        raise DataError(f"no shard {text!r}", "write 0/2 and 1/2 for the halves")

    @classmethod
    def of_process(cls) -> Shard:
        """This process's among those that `accelerate launch` started; all blocks without it.

        Raises:
            ConfigError: as `process_of_launch`.
        """
        return cls(*process_of_launch())


@dataclass(frozen=True)
class Extraction:
    """What a run did.

    Attributes:
        cuts: with features, in all blocks that are done.
        seconds: of their audio.
        failures: cuts without features.
        missing: blocks that other shards have still to do; with 0 the folder is complete.
        speed: seconds of audio that this run, all its processes together, went through in a second; None
            where all was there.
        redone: blocks that were begun again, as a process died.
    """

    cuts: int
    seconds: float
    failures: list[Failure]
    missing: int
    speed: float | None = None
    redone: tuple[Redone, ...] = ()


def extract(
    manifest: Path,
    out: Path,
    fields: Iterable[str],
    setup: FeatureSetup,
    launcher: Launcher | None = None,
    shard: Shard | None = None,
) -> Extraction:
    """Compute the stored ones of some features, for every cut of a manifest, into the folder `out`.

    What the manifest's own folder holds already, made with the same settings, is not computed again: the cuts
    of `out` point to it there.

    Blocks that are done already are kept, so that a run which was stopped can be started again. A cut that
    fails is left out of the result and listed in `extract_failures.csv`.

    Args:
        manifest: cuts.
        out: the feature folder.
        fields: what to compute; features that are not stored are left to training.
        setup: what the experiment says of them.
        launcher: of the processes that do the blocks; by default this one, on the CPU.
        shard: which blocks this run does; by default `Shard.of_process()`.

    Raises:
        DataError: `out` was made with other features or of other cuts, every cut failed, or a process died.
        ConfigError: there is no such feature, a text is in a language that `setup.text` does not declare, or
            `out` can't be written or holds files that no extraction wrote.
    """
    shard = shard or Shard.of_process()
    launcher = launcher or LocalLauncher()
    fields = tuple(sorted(fields))
    source = manifest if manifest.is_dir() else manifest.parent
    index = open_index(manifest)
    work = _Work(index, out, fields, setup, shared_features(source, setup, fields))
    files = [out / name for name in (FEATURES_NAME, TEXT_NAME, CORPUS_NAME, CUTS_NAME, FAILURES_NAME)]
    check_outputs([*files, *(out / BLOCKS_NAME).glob("*")], inputs=[index.manifest], is_own=_is_of_extraction)
    if setup.text is not None and "tokens" in fields:
        require_languages(index.languages, setup.text, str(manifest))
    _claim(work)
    blocks = -(-len(index) // BLOCK_CUTS)
    todo = [
        number for number in range(shard.index, blocks, shard.count) if not _block_path(out, number).exists()
    ]
    if not todo:
        return _merge(out, blocks)
    began = time.perf_counter()
    _run(work, todo, launcher)
    speed = sum(map(work.seconds, todo)) / (time.perf_counter() - began)
    return replace(_merge(out, blocks), speed=speed, redone=tuple(launcher.redone))


@dataclass(frozen=True)
class _Work:
    """The blocks of a manifest, which are done by number.

    Attributes:
        index: of the manifest.
        out: the feature folder.
        fields, setup: what to compute.
        kept: what is taken from the manifest.
        block_cuts: cuts of a block.
    """

    index: CutIndex
    out: Path
    fields: tuple[str, ...]
    setup: FeatureSetup
    kept: frozenset[str]
    block_cuts: int = field(default_factory=lambda: BLOCK_CUTS)

    def open(self, device: str) -> Callable[[int], None]:
        """See `BlockWork`."""
        extractor = BlockExtractor(self.fields, self.setup, device, self.kept)

        def extract_block(number: int) -> None:
            cuts = [self.index.cut(cut) for cut in self._cuts(number)]
            extractor.extract(cuts, _block_path(self.out, number))

        return extract_block

    def seconds(self, number: int) -> float:
        """Of a block's audio."""
        cuts = self._cuts(number)
        return seconds_of(self.index.table[cuts.start : cuts.stop])

    def _cuts(self, number: int) -> range:
        first = number * self.block_cuts
        return range(first, min(len(self.index), first + self.block_cuts))


def _block_path(out: Path, number: int) -> Path:
    return out / BLOCKS_NAME / f"{number:05d}.jsonl.gz"


def _is_of_extraction(file: Path) -> bool:
    """Whether a file is of an earlier extraction, which wrote these three into the folder before all else."""
    keys = {
        TEXT_NAME: {"symbols"},
        FEATURES_NAME: {"sample_rate", "pad_multiple", "features"},
        CORPUS_NAME: {"cuts", "sha256"},
    }
    if file.name in keys:
        place = file
    else:
        place = (file.parent.parent if file.parent.name == BLOCKS_NAME else file.parent) / CORPUS_NAME
    try:
        return set(read_json(place)) == keys[place.name]
    except (OSError, ValueError, TypeError, RecursionError):
        return False


def _claim(work: _Work) -> None:
    """Write down what the folder is made with, or make sure that it is the same as before."""
    out, setup = work.out, work.setup
    corpus = {"cuts": len(work.index), "sha256": _fingerprint(work.index)}
    if (out / FEATURES_NAME).exists() and not same_features(out, setup, work.fields):
        raise DataError(
            f"{out} was made with other features than the config's (see {out / FEATURES_NAME})",
            "name another folder with --out, or remove this one",
        )
    if (out / FEATURES_NAME).exists() and read_symbols(out) != setup.symbols:
        raise DataError(
            f"{out} was made with other symbols than the config's text.symbols (see {out / TEXT_NAME})",
            "name another folder with --out, or remove this one",
        )
    record = out / CORPUS_NAME
    if record.exists() and _read_own(record) != corpus:
        raise DataError(f"{out} was made of other cuts", "name another folder with --out, or remove this one")
    write_symbols(out, setup.symbols)
    write_features(out, setup, work.fields)
    write_json(record, corpus)


def _read_own(path: Path) -> Any:
    """What an extraction wrote beside its features.

    Raises:
        DataError: it is broken.
    """
    try:
        return read_json(path)
    except (OSError, ValueError) as error:
        raise DataError(f"{path} can't be read ({error})", "extract again into a new folder") from error


def _fingerprint(index: CutIndex) -> str:
    """Of ids and lengths."""
    digest = hashlib.sha256()
    for identity, samples, rate in zip(index.ids(), index.table["samples"], index.table["rate"], strict=True):
        digest.update(f"{identity} {samples} {rate}\n".encode())
    return digest.hexdigest()


def _run(work: _Work, todo: Sequence[int], launcher: Launcher) -> None:
    """Do blocks, the longest first, so that all processes end together."""
    from tqdm import tqdm

    longest_first = sorted(todo, key=work.seconds, reverse=True)
    with tqdm(total=len(todo), desc="extract", unit="block", disable=None) as bar:
        for _ in launcher.run(work, longest_first):
            bar.update()


def _merge(out: Path, blocks: int) -> Extraction:
    """Put the blocks together, where all are there."""
    done = [path for path in (_block_path(out, number) for number in range(blocks)) if path.exists()]
    failures = [Failure(**entry) for path in done for entry in _read_own(failures_path(path))]
    durations = [tree["duration"] for path in done for tree in iterate_trees(path)]
    missing = blocks - len(done)
    if not durations and not missing:
        raise DataError(
            f"every cut failed, the first with: {failures[0].reason}",
            "correct the cause and remove the folder",
        )
    if not missing:
        _write_failures(failures, out / FAILURES_NAME)
        write_cuts((cut for path in done for cut in read_cuts(path)), out / CUTS_NAME)
    for failure in failures:
        _log.warning("no features for %s: %s", failure.id, failure.reason)
    return Extraction(len(durations), sum(durations), failures, missing)


def _write_failures(failures: Sequence[Failure], path: Path) -> None:
    with replacing_file(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["id", "audio", "reason"])
        writer.writerows([failure.id, failure.audio, failure.reason] for failure in failures)

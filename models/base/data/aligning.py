"""Aligning a corpus: every cut gets the intervals of its tokens, from an aligner or from files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from hiervox.models.base.data.aligned import spoken_as, with_alignment
from hiervox.models.base.data.alignment_files import (
    TEXTGRID,
    Alignment,
    Interval,
    ctm_lines,
    read_ctm,
    read_textgrid,
    write_textgrid,
)
from hiervox.models.base.data.index import open_index
from hiervox.models.base.data.manifest import CUTS_NAME, audio_path, require_folder, write_cuts
from hiervox.models.base.data.pronunciation import Pronunciation, pronounce
from hiervox.models.base.data.waveform import read_waveform
from hiervox.utils.errors import ConfigError, DataError, DependencyError, HierVoxError
from hiervox.utils.files import undone_on_failure, write_text
from hiervox.utils.logging import get_logger

if TYPE_CHECKING:
    from lhotse.cut.data import DataCut

    from hiervox.models.base.pipelines.protocols import Aligner

FAILURES_NAME = "align_failures.csv"
Source = Callable[["DataCut"], tuple[Pronunciation, list[Interval]]]
"""From a cut to its tokens and their intervals."""

_log = get_logger("align")


@dataclass
class Outputs:
    """Where alignments go.

    Attributes:
        folder: for the cut manifest.
        textgrids: folder for a TextGrid an utterance; None for none.
        ctm: a CTM file; None for none.
        trim: whether silence at the ends is cut off.
    """

    folder: Path
    textgrids: Path | None = None
    ctm: Path | None = None
    trim: bool = True

    def textgrid(self, cut_id: str) -> Path | None:
        """The TextGrid of a cut; None where none is asked for."""
        return self.textgrids and self.textgrids / f"{cut_id.replace('/', '-')}{TEXTGRID}"

    def files(self, cut_ids: Iterable[str]) -> list[Path | None]:
        """Everything that may be written of these cuts; None in the place of what is not asked for."""
        grids = [] if self.textgrids is None else [self.textgrid(cut_id) for cut_id in cut_ids]
        return [self.folder / CUTS_NAME, self.folder / FAILURES_NAME, self.ctm, *grids]


@dataclass
class Aligned:
    """What came of a corpus.

    Attributes:
        cuts: that are aligned.
        seconds: of them.
        failures: id of a cut that is not → why.
    """

    cuts: int = 0
    seconds: float = 0.0
    failures: dict[str, str] = field(default_factory=dict)


def by_model(aligner: Aligner) -> Source:
    """Alignment by a network."""

    def align(cut: DataCut) -> tuple[Pronunciation, list[Interval]]:
        spoken = pronounce(cut, aligner.text.symbols)
        if spoken is None:
            raise DataError(f"{cut.id} has no text", "add a column `text`")
        rate = cut.recording.sampling_rate
        times = aligner.align(read_waveform(cut, rate), rate, spoken.tokens)
        labels = [aligner.text.symbols[token] for token in spoken.tokens]
        pairs = zip(times, labels, strict=True)
        return spoken, [Interval(start, end, label) for (start, end), label in pairs]

    return align


def by_files(path: Path, symbols: tuple[str, ...]) -> Source:
    """Alignments of another program: a folder of TextGrids at any depth, or a CTM file.

    An utterance's file is named as its id or as its audio, or it and the folders above it, joined by `-`,
    are.

    Raises:
        DataError: there are none.
    """
    if not path.is_dir():
        known = read_ctm(path)

        def find(cut: DataCut) -> Alignment | None:
            return next((known[name] for name in _names(cut) if name in known), None)

    else:
        files = _textgrids(path)

        def find(cut: DataCut) -> Alignment | None:
            file = next((files[name] for name in _names(cut) if name in files), None)
            return None if file is None else read_textgrid(file)

    def align(cut: DataCut) -> tuple[Pronunciation, list[Interval]]:
        found = find(cut)
        if found is None:
            raise DataError(f"{path} has no alignment of {cut.id}", "name it so, or leave the utterance out")
        return spoken_as(cut, found, symbols)

    return align


def _names(cut: DataCut) -> tuple[str, ...]:
    """What an alignment of a cut may be called."""
    return str(cut.id), str(cut.recording.id), audio_path(cut).stem


def _textgrids(folder: Path) -> dict[str, Path]:
    files: dict[str, Path] = {}
    for file in sorted(folder.rglob(f"*{TEXTGRID}")):
        files.setdefault(file.stem, file)
        files["-".join(file.relative_to(folder).with_suffix("").parts)] = file
    if not files:
        raise DataError(f"{folder} holds no {TEXTGRID} file", "name the folder that the aligner wrote")
    return files


def align_corpus(manifest: Path, source: Source, outputs: Outputs) -> Aligned:
    """Write a manifest of the cuts that can be aligned; those that can't are named in `align_failures.csv`.

    Where it fails, files that were not there before go again.

    Args:
        manifest: cuts.
        source: of the alignments.
        outputs: where they go.

    Raises:
        DataError: the manifest is missing, or no cut can be aligned.
    """
    index = open_index(manifest)
    require_folder(outputs.folder)
    result = Aligned()
    lines: list[str] = []

    def aligned() -> Iterator[DataCut]:
        for number in range(len(index)):
            cut = index.cut(number)
            try:
                spoken, intervals = source(cut)
                done = with_alignment(cut, spoken, intervals, outputs.trim)
            except (ConfigError, DependencyError):
                raise
            except HierVoxError as error:
                result.failures[cut.id] = str(error)
                _log.warning("not aligned: %s", error)
                continue
            if (textgrid := outputs.textgrid(str(cut.id))) is not None:
                seconds = float(cut.duration)
                write(textgrid, partial(write_textgrid, phones=intervals, seconds=seconds))
            if outputs.ctm is not None:
                lines.extend(ctm_lines(str(cut.id), intervals))
            result.cuts += 1
            result.seconds += float(done.duration)
            yield done
        if not result.cuts:
            first = next(iter(result.failures.values()), "it holds no cut")
            raise DataError(f"nothing of {manifest} can be aligned, first: {first}", "correct the cause")

    with undone_on_failure() as write:
        write(outputs.folder / CUTS_NAME, lambda path: write_cuts(aligned(), path))
        if outputs.ctm is not None:
            write(outputs.ctm, lambda path: write_text(path, "\n".join(lines) + "\n"))
        write(outputs.folder / FAILURES_NAME, lambda path: _write_failures(path, result.failures))
    return result


def _write_failures(path: Path, failures: dict[str, str]) -> None:
    import csv
    import io

    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(["id", "reason"])
    writer.writerows(failures.items())
    write_text(path, table.getvalue())

"""What corpora share: lhotse's manifests as one cut a recording, speakers held out, manifests written."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from hiervox.models.base.data.manifest import CUTS_NAME, supervision_of, write_cuts
from hiervox.utils.errors import DataError
from hiervox.utils.files import write_json

if TYPE_CHECKING:
    from lhotse.cut.data import DataCut
    from lhotse.recording import Recording
    from lhotse.supervision import SupervisionSegment

SUMMARY_NAME = "summary.json"
LANGUAGE = "en-us"


def corpus_folder(folder: Path, name: str) -> Path:
    """The corpus's own folder: `folder/name`, or `folder` itself."""
    return folder / name if (folder / name).is_dir() else folder


def require_folder(folder: Path) -> None:
    """Raise a DataError where a corpus's folder is not there."""
    if not folder.is_dir():
        raise DataError(f"no folder {folder}", "run stage 1, or name the folder of the corpus with --data")


def pairs(
    recordings: Iterable[Recording], supervisions: Iterable[SupervisionSegment]
) -> list[tuple[Recording, SupervisionSegment]]:
    """Each supervision with its recording."""
    by_id = {recording.id: recording for recording in recordings}
    return [(by_id[supervision.recording_id], supervision) for supervision in supervisions]


def only_by_hand(folder: Path, corpus: str, how: str) -> None:
    """Raise a DataError where a corpus is not there that nothing may fetch by itself."""
    if not folder.is_dir():
        raise DataError(f"{corpus} is not in {folder}", f"{how}, and unpack it there")


def recorded(
    wav: Path, name: str, speaker: str, text: str, language: str
) -> tuple[Recording, SupervisionSegment]:
    """A sound file as lhotse has it, with who sings what.

    Raises:
        DataError: it is not there.
    """
    from lhotse.audio import Recording as Recorded
    from lhotse.supervision import SupervisionSegment as Supervision

    if not wav.is_file():
        raise DataError(f"no recording {wav}", "unpack the corpus whole")
    recording = Recorded.from_file(wav, recording_id=name)
    supervision = Supervision(
        id=name,
        recording_id=name,
        start=0.0,
        duration=recording.duration,
        speaker=speaker,
        text=text,
        language=language,
    )
    return recording, supervision


def to_cuts(given: Iterable[tuple[Recording, SupervisionSegment]], language: str = LANGUAGE) -> list[DataCut]:
    """One cut a recording, in the order of their ids, with text, speaker and language.

    Raises:
        DataError: there are none.
    """
    cuts = []
    for recording, supervision in sorted(given, key=lambda pair: pair[0].id):
        cut: DataCut = recording.to_cut()
        cut.id = recording.id
        supervision.language, supervision.custom = language, None
        cut.supervisions = [supervision]
        cuts.append(cut)
    if not cuts:
        raise DataError("the corpus holds no utterance", "look whether its archives were unpacked whole")
    return cuts


def hold_out(cuts: Sequence[DataCut], count: int) -> tuple[list[DataCut], list[DataCut]]:
    """All cuts but those of `count` speakers, and theirs; the speakers' names alone choose them.

    Raises:
        DataError: there are not more speakers than that.
    """
    speakers = sorted(set(map(_speaker, cuts)), key=lambda name: hashlib.sha256(name.encode()).digest())
    if count >= len(speakers):
        raise DataError(
            f"the corpus has {len(speakers)} speakers, and --test-speakers holds {count} out",
            "hold out fewer",
        )
    held_out = set(speakers[:count])
    sides: tuple[list[DataCut], list[DataCut]] = ([], [])
    for cut in cuts:
        sides[_speaker(cut) in held_out].append(cut)
    return sides


def write(cuts: Sequence[DataCut], out: Path) -> None:
    """Write the manifest, and beside it its numbers of utterances, hours and speakers."""
    write_cuts(cuts, out / CUTS_NAME)
    hours = sum(cut.duration for cut in cuts) / 3600
    speakers = len(set(map(_speaker, cuts)))
    write_json(out / SUMMARY_NAME, {"utterances": len(cuts), "hours": round(hours, 4), "speakers": speakers})
    say(f"{len(cuts)} utterances of {speakers} speakers, {hours:.2f} h: {out / CUTS_NAME}")


def say(line: str) -> None:
    """Print a line."""
    sys.stdout.write(f"{line}\n")


def _speaker(cut: DataCut) -> str:
    supervision = supervision_of(cut)
    return str(None if supervision is None else supervision.speaker)

"""A user's recordings, as a table or a Kaldi folder, become lhotse cuts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from hiervox.models.base.data.kaldi import NAMES, read_kaldi
from hiervox.models.base.data.tables import read_table
from hiervox.models.base.data.utterance import Utterance
from hiervox.processors.text.config import espeak_name
from hiervox.utils.errors import DataError
from hiervox.utils.files import is_file

if TYPE_CHECKING:
    from lhotse.audio import Recording
    from lhotse.cut.data import DataCut


def iterate_corpus(source: Path, language: str = "en-us", speaker: str | None = None) -> Iterator[DataCut]:
    """Read a table of recordings or a Kaldi folder into cuts; it is checked as a whole before the first cut.

    An audio file that has no readable header becomes a cut of 0 seconds, which `validate` then reports.

    Args:
        source: the table or the folder.
        language: of rows that name none.
        speaker: likewise; by default nobody, in LJSpeech's table `LJ`. A Kaldi folder names its speakers.

    Raises:
        DataError: naming the rows at fault.
    """
    utterances = _read(source, language, speaker)
    if not utterances:
        raise DataError(f"{source} holds no utterances", "add rows")
    _require_distinct(utterances)
    return map(to_cut, utterances)


def files_of_corpus(source: Path, language: str = "en-us") -> Iterator[Path]:
    """The table, or the files of the Kaldi folder, and every file that it names: what no output replaces.

    Raises:
        DataError: as `iterate_corpus`.
    """
    yield from (source / name for name in NAMES) if source.is_dir() else (source,)
    for utterance in _read(source, language, None):
        yield utterance.audio
        yield from map(Path, utterance.columns.values())


def _read(source: Path, language: str, speaker: str | None) -> list[Utterance]:
    if source.is_dir():
        return read_kaldi(source, language)
    if is_file(source):
        return read_table(source, language, speaker)
    raise DataError(f"no table {source}", "name a CSV, TSV or JSONL file, or a Kaldi folder")


def _require_distinct(utterances: Iterable[Utterance]) -> None:
    rows: dict[str, str] = {}
    for utterance in utterances:
        if utterance.id in rows:
            raise DataError(
                f"{utterance.row} and {rows[utterance.id]} are both called {utterance.id!r}",
                "remove one, or add a column `id`",
            )
        rows[utterance.id] = utterance.row


def to_cut(utterance: Utterance) -> DataCut:
    """A cut with one supervision that carries text, speaker, language, given IPA, caption and other columns.

    Raises:
        DataError: the utterance ends after its recording.
    """
    from lhotse.supervision import SupervisionSegment
    from lhotse.utils import fastcopy

    recording = fastcopy(_recording(utterance.audio), id=utterance.id)
    rest = recording.duration - utterance.start
    seconds = rest if utterance.end is None else utterance.end - utterance.start
    if recording.duration and not 0 < seconds <= rest + 1e-3:
        raise DataError(
            f"{utterance.row}: {utterance.id!r} is not within the {recording.duration:.2f} s of its "
            "recording",
            "correct its times",
        )
    seconds = max(0.0, min(seconds, rest))
    cut: DataCut = recording.to_cut()
    if seconds < recording.duration:
        cut = cut.truncate(offset=utterance.start, duration=seconds)
    given = {"ipa": utterance.ipa, "caption": utterance.caption}
    custom = {name: value for name, value in given.items() if value is not None} | dict(utterance.columns)
    cut.id = utterance.id
    cut.supervisions = [
        SupervisionSegment(
            id=utterance.id,
            recording_id=recording.id,
            start=0.0,
            duration=cut.duration,
            channel=recording.channel_ids if recording.num_channels > 1 else 0,
            text=utterance.text,
            speaker=utterance.speaker,
            language=espeak_name(utterance.language),
            custom=custom or None,
        )
    ]
    return cut


@lru_cache(maxsize=16)
def _recording(audio: Path) -> Recording:
    """What the header says; 0 seconds where it can't be read."""
    import soundfile
    from lhotse.audio import AudioSource, Recording

    try:
        info = soundfile.info(str(audio))
        rate, samples, channels = info.samplerate, info.frames, list(range(info.channels))
    except (soundfile.LibsndfileError, OSError):
        rate, samples, channels = 16_000, 0, [0]
    return Recording(
        id=audio.stem,
        sources=[AudioSource(type="file", channels=channels, source=str(audio))],
        sampling_rate=rate,
        num_samples=samples,
        duration=samples / rate,
    )

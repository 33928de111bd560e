"""A user's recordings, as a table or a Kaldi folder, become lhotse cuts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from hiervox.models.base.data.kaldi import NAMES, read_kaldi
from hiervox.models.base.data.tables import read_table
from hiervox.models.base.data.utterance import Utterance
from hiervox.processors.text.config import espeak_name
from hiervox.utils.errors import DataError
from hiervox.utils.files import is_file

if TYPE_CHECKING:
    from lhotse.cut.data import DataCut


def iterate_corpus(source: Path, language: str = "en-us", speaker: str | None = None) -> Iterator[DataCut]:
    """Read a table of recordings or a Kaldi folder into cuts; it is checked as a whole before the first cut.

    As `corpus_trees`, whose objects these are.
    """
    trees = corpus_trees(source, language, speaker)
    return map(_cut, trees)


def corpus_trees(
    source: Path, language: str = "en-us", speaker: str | None = None
) -> Iterator[dict[str, Any]]:
    """The same as JSON objects, as a manifest holds them. Neither lhotse nor torch is imported.

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
    return map(cut_tree, utterances)


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


def _cut(tree: dict[str, Any]) -> DataCut:
    from lhotse.serialization import deserialize_item

    cut: DataCut = deserialize_item(tree)
    return cut


def cut_tree(utterance: Utterance) -> dict[str, Any]:
    """A cut with one supervision that carries text, speaker, language, given IPA, caption and other columns.

    Raises:
        DataError: the utterance ends after its recording.
    """
    header = _header(utterance.audio)
    rate, total = header.rate, header.samples
    seconds = total / rate
    rest = seconds - utterance.start
    asked = rest if utterance.end is None else utterance.end - utterance.start
    if total and not 0 < asked <= rest + 1e-3:
        raise DataError(
            f"{utterance.row}: {utterance.id!r} is not within the {seconds:.2f} s of its recording",
            "correct its times",
        )
    asked = max(0.0, min(asked, rest))
    start, samples = 0, total
    if asked < seconds:
        start = _samples(utterance.start, rate)
        samples = min(_samples(asked, rate), total - start)
    channels = list(range(header.channels))
    channel = channels if len(channels) > 1 else 0
    custom = {"ipa": utterance.ipa, "caption": utterance.caption, **utterance.columns}
    supervision = {
        "id": utterance.id,
        "recording_id": utterance.id,
        "start": 0.0,
        "duration": samples / rate,
        "channel": channel,
        "text": utterance.text,
        "language": espeak_name(utterance.language),
        "speaker": utterance.speaker,
        "custom": {name: value for name, value in custom.items() if value is not None} or None,
    }
    recording = {
        "id": utterance.id,
        "sources": [{"type": "file", "channels": channels, "source": str(utterance.audio)}],
        "sampling_rate": rate,
        "num_samples": total,
        "duration": seconds,
        "channel_ids": channels,
    }
    return {
        "id": utterance.id,
        "start": start / rate,
        "duration": samples / rate,
        "channel": channel,
        "supervisions": [{name: value for name, value in supervision.items() if value is not None}],
        "recording": recording,
        "type": "MultiCut" if len(channels) > 1 else "MonoCut",
    }


def _samples(seconds: float, rate: int) -> int:
    """The whole number nearest to a time, halves upwards, as lhotse counts."""
    return int(Decimal(round(seconds * rate, ndigits=8)).quantize(Decimal(0), rounding=ROUND_HALF_UP))


class _Header(NamedTuple):
    """What the header of a sound file says."""

    rate: int
    samples: int
    channels: int


@lru_cache(maxsize=16)
def _header(audio: Path) -> _Header:
    """Of a sound file; 0 samples where it can't be read."""
    import soundfile

    try:
        info = soundfile.info(str(audio))
        return _Header(info.samplerate, info.frames, info.channels)
    except (soundfile.LibsndfileError, OSError):
        return _Header(16_000, 0, 1)

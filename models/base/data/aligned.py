"""Alignments in cuts: from labelled intervals to the tokens that a model reads, and silence cut off."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from hiervox.models.base.data.alignment_files import SILENT_LABELS, Alignment, Interval
from hiervox.models.base.data.manifest import supervision_of
from hiervox.models.base.data.pronunciation import Pronunciation, frontend_for, language_of
from hiervox.models.base.features.durations import TIER
from hiervox.processors.text.arpabet import arpabet_to_ipa
from hiervox.utils.errors import DataError

if TYPE_CHECKING:
    from lhotse.cut.data import DataCut

PAUSE = " "
"""The symbol of silence between words."""
MARGIN = 0.02
"""Seconds that are left before the first and behind the last phoneme."""


def with_alignment(
    cut: DataCut, spoken: Pronunciation, phones: Sequence[Interval], trim: bool = True
) -> DataCut:
    """A copy of a cut that holds its tokens' intervals as the alignment `phone` of its supervision.

    Args:
        cut: with one supervision.
        spoken: its tokens.
        phones: one interval a token.
        trim: whether to cut off what lies before the first phoneme and behind the last.
    """
    from lhotse.supervision import AlignmentItem

    begin, end = 0.0, float(cut.duration)
    if trim:
        begin = max(0.0, phones[0].start - MARGIN)
        end = min(end, phones[-1].end + MARGIN)
        cut = cut.truncate(offset=begin, duration=end - begin, preserve_id=True)
        # arrays of the whole utterance are not those of its part
        cut.custom = {
            name: value for name, value in (cut.custom or {}).items() if not hasattr(value, "frame_shift")
        }
    supervision = supervision_of(cut)
    assert supervision is not None
    items = [
        AlignmentItem(
            interval.label,
            round(max(0.0, interval.start - begin), 5),
            round(interval.end - interval.start, 5),
        )
        for interval in phones
    ]
    aligned = replace(
        supervision,
        start=0.0,
        duration=cut.duration,
        custom={**(supervision.custom or {}), "ipa": spoken.ipa, "tokens": list(spoken.tokens)},
        alignment={**(supervision.alignment or {}), TIER: items},
    )
    return replace(cut, supervisions=[aligned])


def spoken_as(
    cut: DataCut, given: Alignment, symbols: tuple[str, ...]
) -> tuple[Pronunciation, list[Interval]]:
    """What an alignment of another program says, in a model's symbols.

    Labels are IPA, or ARPAbet; one of several symbols is shared equally by them. Silence becomes the space,
    and where words are known, so does each border between two without a pause, for no time at all. Silence
    at the ends is left out.

    Raises:
        DataError: a label has no symbol, or all is silence.
        TextError: an IPA symbol that the model lacks.
    """
    frontend = frontend_for(language_of(cut), symbols)
    phones = [interval._replace(label=_symbols_of(interval.label, symbols)) for interval in given.phones]
    while phones and phones[0].label == PAUSE:
        phones.pop(0)
    while phones and phones[-1].label == PAUSE:
        phones.pop()
    if not phones:
        raise DataError(f"the alignment of {cut.id} is silence", "align it again, or remove the utterance")
    starts = {round(word.start, 3) for word in given.words if word.label.lower() not in SILENT_LABELS}
    intervals: list[Interval] = []
    tokens: list[int] = []
    for interval in phones:
        if interval.label == PAUSE and intervals[-1].label == PAUSE:  # two pauses in a row are one
            intervals[-1] = intervals[-1]._replace(end=interval.end)
            continue
        border = round(interval.start, 3) in starts and intervals and intervals[-1].label != PAUSE
        added = (
            [Interval(interval.start, interval.start, PAUSE)] if border and interval.label != PAUSE else []
        )
        step = (interval.end - interval.start) / len(interval.label)
        added += [
            Interval(interval.start + step * number, interval.start + step * (number + 1), symbol)
            for number, symbol in enumerate(interval.label)
        ]
        intervals += added
        tokens += frontend.tokens("".join(interval.label for interval in added))
    ipa = "".join(interval.label for interval in intervals)
    return Pronunciation(ipa, tokens), intervals


def _symbols_of(label: str, symbols: tuple[str, ...]) -> str:
    """The symbols of a label; marks under and over a letter that the model lacks are left out."""
    if label.strip().lower() in SILENT_LABELS:
        return PAUSE
    ipa = arpabet_to_ipa(label) or label
    known = [
        symbol
        for symbol in unicodedata.normalize("NFD", ipa)
        if symbol in symbols or not unicodedata.combining(symbol)
    ]
    return unicodedata.normalize("NFC", "".join(known)) if known else PAUSE

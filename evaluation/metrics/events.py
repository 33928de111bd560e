"""Which sounds are heard, and when, against the times that were asked for."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from pydantic import PositiveFloat

from hiervox.evaluation.metric import Figure, Metric, Scores
from hiervox.evaluation.table import Utterance
from hiervox.processors.event_times import Events, parse_events
from hiervox.utils.config import Config
from hiervox.utils.errors import DependencyError

if TYPE_CHECKING:
    from hiervox.evaluation.sound_events import SoundEventDetector


class EventTimes(Metric):
    """Recall and precision of events, segment-based F1 and the error of onsets, by a detector of events.

    An event that was asked for and is not heard at all counts in recall and F1 and not in the onset error.
    """

    name = "events"
    measures = "which events a detector hears, and when, against those of the column timing (text to audio)"
    paper = "segment-based F1: Mesaros et al., Applied Sciences 6(6), 2016; PicoAudio, arXiv 2407.02869"
    texts = ("timing",)
    columns = ("asked", "found", "told", "true_segments", "segments", "onset_error", "events")
    figures: ClassVar[Mapping[str, Figure]] = {
        "event_recall": Figure(
            "events heard", "higher", "%", percent=True, column="found", ratio=("found", "asked")
        ),
        "event_precision": Figure(
            "of what is heard", "higher", "%", percent=True, column="found", ratio=("found", "told")
        ),
        "segment_f1": Figure(
            "segment F1",
            "higher",
            "%",
            percent=True,
            column="true_segments",
            ratio=("true_segments", "segments"),
        ),
        "onset_error": Figure("onset error", "lower", "s"),
    }

    class Settings(Config):
        """
        Attributes:
            detector: folder of a detector of sound events.
            segment_seconds: of the segments that F1 counts.
        """

        detector: str = ""
        segment_seconds: PositiveFloat = 1.0

    @property
    def settings(self) -> Mapping[str, str]:
        return {
            "sound events": f"{self.config.detector}, segments of {self.config.segment_seconds:g} s",
        }

    def prepare(self) -> None:
        if not self.config.detector:
            raise DependencyError(
                "no detector of sound events is named and none is installed", "--set events.detector=DIR"
            )
        self.detector.files()

    def models(self) -> Mapping[str, Path]:
        return self.detector.files()

    @cached_property
    def detector(self) -> SoundEventDetector:
        """The one that the settings name."""
        from hiervox.evaluation.sound_events import SoundEventDetector

        return SoundEventDetector(self.config.detector, self.context.device)

    def score(self, utterance: Utterance) -> Scores | None:
        wanted = parse_events(utterance.texts.get("timing", ""))
        if not wanted:
            return None
        wav, _ = self.context.recordings.read(utterance.audio, self.detector.sample_rate)
        heard = self.detector.detect(wav)
        seconds = len(wav) / self.detector.sample_rate
        true, mean = segment_counts(wanted, heard, seconds, self.config.segment_seconds)
        scores: dict[str, float | str] = {
            "asked": float(len(wanted)),
            "found": float(len(wanted.keys() & heard.keys())),
            "told": float(len(heard)),
            "true_segments": true,
            "segments": mean,
            "events": ", ".join(heard),
        }
        if errors := onset_errors(wanted, heard):
            scores["onset_error"] = float(np.mean(errors))
        return scores


def segment_counts(
    wanted: Events, heard: Events, seconds: float, segment_seconds: float
) -> tuple[float, float]:
    """What F1 over segments is the ratio of.

    Returns:
        events that are asked for and heard in a segment, and the mean of those asked for and those heard.
    """
    count = math.ceil(seconds / segment_seconds)
    sets = [
        {
            (name, segment)
            for name, spans in events.items()
            for begin, end in spans
            for segment in range(int(begin / segment_seconds), min(count, math.ceil(end / segment_seconds)))
        }
        for events in (wanted, heard)
    ]
    return float(len(sets[0] & sets[1])), (len(sets[0]) + len(sets[1])) / 2


def onset_errors(wanted: Events, heard: Events) -> list[float]:
    """Seconds from each onset that was asked for to the nearest one of that event, where it is heard."""
    return [
        min(abs(begin - other) for other, _ in heard[name])
        for name, spans in wanted.items()
        if name in heard
        for begin, _ in spans
    ]

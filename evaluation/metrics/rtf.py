"""Real-time factor, as the record beside a recording tells it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from hiervox.evaluation.metric import Figure, Metric, Scores
from hiervox.evaluation.table import Utterance
from hiervox.utils.json_files import read_json

FACTOR_KEY = "real_time_factor"
TIME_KEY = "synthesis_seconds"
LENGTH_KEY = "seconds"


def read_record(audio: Path) -> Mapping[str, Any]:
    """The JSON object beside a recording, `x.wav.json` or `x.json`; empty where there is none."""
    for record in (audio.with_name(f"{audio.name}.json"), audio.with_suffix(".json")):
        if record.is_file():
            try:
                found = read_json(record)
            except (OSError, ValueError):  # not JSON or not UTF-8: somebody else's file
                continue
            if isinstance(found, dict):
                return found
    return {}


def real_time_factor(record: Mapping[str, Any]) -> float | None:
    """`real_time_factor`, else `synthesis_seconds` over `seconds`; None where a record has neither."""
    if isinstance(record.get(FACTOR_KEY), int | float):
        return float(record[FACTOR_KEY])
    spent, length = record.get(TIME_KEY), record.get(LENGTH_KEY)
    if isinstance(spent, int | float) and isinstance(length, int | float) and length > 0:
        return float(spent / length)
    return None


class RealTimeFactor(Metric):
    """Seconds of work for a second of speech, on the machine that made it."""

    name = "rtf"
    measures = "real-time factor, where the record beside a recording has it"
    paper = "none"
    needs = ("record",)
    columns = ("rtf",)
    figures: ClassVar[Mapping[str, Figure]] = {"rtf": Figure("RTF", "lower")}

    @property
    def settings(self) -> Mapping[str, str]:
        return {"real-time factor": "from the record beside each recording"}

    def score(self, utterance: Utterance) -> Scores | None:
        factor = real_time_factor(read_record(utterance.audio))
        return None if factor is None else {"rtf": factor}

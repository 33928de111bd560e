"""From listeners' answers to mean opinion scores and preferences."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

from hiervox.evaluation.comparison import Comparison, compare_systems
from hiervox.evaluation.estimate import CONFIDENCE, Estimate, mean_estimate
from hiervox.evaluation.listening.design import KINDS, REFERENCE
from hiervox.evaluation.report.tables import cell
from hiervox.utils.errors import DataError
from hiervox.utils.json_files import read_json

LEAST_OF_REFERENCE, MOST_UNDER_IT = 90, 0.15
"""Post-screening of MUSHRA (ITU-R BS.1534-3, section 4.1.2): who rates more than 15 % of hidden references
under 90 is left out."""
CHOICES = ("first", "second", "none")
RATING_COLUMNS = ("listener", "sentence", "systems", "answer")


@dataclass(frozen=True)
class Answer:
    """What one listener said of one system or pair: a rating from 1 to 5 or 0 to 100, a system, or `none`."""

    listener: str
    sentence: str
    systems: tuple[str, ...]
    value: int | str


@dataclass(frozen=True)
class Preference:
    """Two systems of an A/B test.

    Attributes:
        first, second: the systems.
        share: of the preferences for the first, with its exact (Clopper-Pearson) 95 % interval.
        p: of the two-sided binomial test against one half.
        undecided: how many answers preferred neither.
    """

    first: str
    second: str
    share: Estimate
    p: float
    undecided: int


def read_answers(files: Sequence[Path], key_file: Path) -> tuple[str, list[Answer]]:
    """The kind of a test and all its answers.

    Raises:
        DataError: a file is not an answer of this test, or one listener, or one trial of a listener, is in
            it twice; names the file.
    """
    key = _read(key_file)
    trials = key.get("trials")
    if not isinstance(trials, dict) or key.get("kind") not in KINDS or not _are_trials(key, trials):
        raise DataError(
            f"{key_file} is not the key of a listening test", "give the .key.json beside its page"
        )
    answers: list[Answer] = []
    seen: dict[str, Path] = {}
    for file in files:
        given = _read(file)
        if given.get("test") != key["test"]:
            raise DataError(f"{file} does not answer the test of {key_file}", "leave it out")
        listener = str(given.get("listener", ""))
        if listener in seen:
            raise DataError(
                f"{file} and {seen[listener]} are of one listener, {listener!r}",
                "leave one out, or rename one",
            )
        seen[listener] = file
        answers += _answers_of(file, listener, given.get("answers", []), trials, key["kind"])
    if not answers:
        raise DataError("no answers", "give the files that listeners saved")
    return str(key["kind"]), answers


def _are_trials(key: Mapping[str, Any], trials: Mapping[str, Any]) -> bool:
    """Whether a key has what `design.key` writes."""
    return isinstance(key.get("test"), str) and all(
        isinstance(trial, dict)
        and isinstance(trial.get("sentence"), str)
        and isinstance(trial.get("systems"), list)
        and all(isinstance(system, str) for system in trial["systems"])
        for trial in trials.values()
    )


def _read(file: Path) -> dict[str, Any]:
    try:
        found = read_json(file)
    except (OSError, ValueError) as error:
        raise DataError(f"can't read {file} as JSON ({type(error).__name__})", "save it again") from error
    if not isinstance(found, dict):
        raise DataError(f"{file} is not of a listening test", "leave it out")
    return found


def _answers_of(
    file: Path, listener: str, entries: Any, trials: Mapping[str, Any], kind: str
) -> list[Answer]:
    """Those of one listener."""
    if not isinstance(entries, list):
        raise DataError(f"{file} is not of a listening test", "leave it out")
    named = [str(entry.get("trial")) for entry in entries if isinstance(entry, dict)]
    if twice := [name for name in dict.fromkeys(named) if named.count(name) > 1]:
        raise DataError(f"{file} answers the trial {twice[0]} twice", "leave one of the two answers out")
    if kind == "mushra":
        return [answer for entry in entries for answer in _grades(file, listener, entry, trials)]
    return [_answer(file, listener, entry, trials) for entry in entries]


def _grades(file: Path, listener: str, entry: Any, trials: Mapping[str, Any]) -> list[Answer]:
    """The grades of a MUSHRA trial."""
    trial = trials.get(str(entry.get("trial"))) if isinstance(entry, dict) else None
    if trial is None:
        raise DataError(f"{file} answers an unknown trial", "leave it out")
    values = entry.get("value")
    graded = isinstance(values, list) and all(type(value) is int and 0 <= value <= 100 for value in values)
    if not graded or len(values) != len(trial["systems"]):
        raise DataError(f"{file} has the answer {values!r}", "leave it out")
    return [
        Answer(listener, trial["sentence"], (system,), value)
        for system, value in zip(trial["systems"], values, strict=True)
    ]


def screened(answers: Sequence[Answer]) -> tuple[list[Answer], list[str]]:
    """Answers of a MUSHRA test, less those of listeners who did not hear the hidden reference; and these."""
    grades: dict[str, list[int]] = {}
    for answer in answers:
        if answer.systems == (REFERENCE,):
            grades.setdefault(answer.listener, []).append(int(answer.value))
    out = [
        listener
        for listener, given in grades.items()
        if sum(grade < LEAST_OF_REFERENCE for grade in given) > MOST_UNDER_IT * len(given)
    ]
    return [answer for answer in answers if answer.listener not in out], out


def _answer(file: Path, listener: str, entry: Any, trials: Mapping[str, Any]) -> Answer:
    trial = trials.get(str(entry.get("trial"))) if isinstance(entry, dict) else None
    if trial is None:
        raise DataError(f"{file} answers an unknown trial", "leave it out")
    systems, value = tuple(trial["systems"]), entry.get("value")
    if len(systems) == 2 and value in CHOICES:
        preferred = "none" if value == "none" else systems[CHOICES.index(value)]
        return Answer(listener, trial["sentence"], systems, preferred)
    if len(systems) == 1 and value in (1, 2, 3, 4, 5) and not isinstance(value, bool):
        return Answer(listener, trial["sentence"], systems, int(value))
    raise DataError(f"{file} has the answer {value!r}", "leave it out")


def opinion_scores(answers: Sequence[Answer]) -> dict[str, Estimate]:
    """System → mean rating with its bootstrap interval over ratings."""
    ratings: dict[str, list[float]] = {}
    for answer in answers:
        ratings.setdefault(answer.systems[0], []).append(float(answer.value))
    found = {system: mean_estimate(values) for system, values in ratings.items()}
    return {system: estimate for system, estimate in found.items() if estimate is not None}


def opinion_tests(answers: Sequence[Answer]) -> list[Comparison]:
    """Paired tests between systems over what one listener said of one sentence, by Holm corrected."""
    ratings: dict[str, dict[str, float]] = {}
    for answer in answers:
        pair = json.dumps([answer.listener, answer.sentence])
        ratings.setdefault(answer.systems[0], {})[pair] = float(answer.value)
    return compare_systems(ratings)


def preferences(answers: Sequence[Answer]) -> list[Preference]:
    """Each pair of an A/B test."""
    from scipy.stats import binomtest

    found = []
    systems = list(dict.fromkeys(system for answer in answers for system in answer.systems))
    for first, second in combinations(systems, 2):
        values = [answer.value for answer in answers if set(answer.systems) == {first, second}]
        decided = [value for value in values if value != "none"]
        if not decided:
            continue
        test = binomtest(sum(value == first for value in decided), len(decided))
        interval = test.proportion_ci(CONFIDENCE)
        share = Estimate(test.statistic, float(interval.low), float(interval.high), len(decided))
        found.append(Preference(first, second, share, float(test.pvalue), len(values) - len(decided)))
    return found


def ratings_csv(answers: Sequence[Answer]) -> str:
    """One line an answer."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(RATING_COLUMNS)
    for answer in answers:
        row = (answer.listener, answer.sentence, " ".join(answer.systems), str(answer.value))
        writer.writerow([cell(value) for value in row])
    return text.getvalue()

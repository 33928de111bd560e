"""What a listening test asks: its stimuli under names that say nothing of their systems."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any, Literal

import numpy as np

from hiervox.evaluation.results import ordered_systems
from hiervox.evaluation.table import Utterance
from hiervox.utils.errors import ConfigError, DataError
from hiervox.utils.registry import nearest

Kind = Literal["mos", "smos", "ab"]
ID_LENGTH = 12


@dataclass(frozen=True)
class Trial:
    """One question.

    Attributes:
        name: what page and answers call it.
        sentence: the utterance's id.
        systems: whose recordings are heard; two of an A/B pair.
        sounds: their files.
        text: what is said; empty where unknown.
        prompt: the voice to compare with, of a SMOS test.
    """

    name: str
    sentence: str
    systems: tuple[str, ...]
    sounds: tuple[Path, ...]
    text: str
    prompt: Path | None = None


def design(
    utterances: Sequence[Utterance], kind: Kind, systems: Sequence[str], sentences: int | None, seed: int
) -> list[Trial]:
    """The trials of a test.

    Args:
        utterances: the table's rows.
        kind: `mos` rates naturalness, `smos` the similarity of voices, `ab` prefers one of two.
        systems: which; empty for all.
        sentences: how many, drawn at random of those that every system has; None for all of them.
        seed: of the draw and of the stimuli's names.

    Raises:
        ConfigError: no such system, or fewer than two for `ab`.
        DataError: the systems share no sentence, or a row has no prompt for `smos`.
    """
    known = ordered_systems(utterances)
    for system in systems:
        if system not in known:
            raise ConfigError(f"no system {system!r} in the table", nearest(system, known))
    chosen = [system for system in known if not systems or system in systems]
    if kind == "ab" and len(chosen) < 2:
        raise ConfigError("an A/B test needs two systems", "name more with --systems")
    rows = {(row.system, row.id): row for row in utterances}
    shared = [
        name
        for name in dict.fromkeys(row.id for row in utterances)
        if all((system, name) in rows for system in chosen)
    ]
    if not shared:
        raise DataError("the systems share no sentence", "choose others with --systems")
    groups = list(combinations(chosen, 2)) if kind == "ab" else [(system,) for system in chosen]
    return [
        _trial([rows[system, name] for system in group], kind, seed)
        for name in _draw(shared, sentences, seed)
        for group in groups
    ]


def _draw(names: list[str], count: int | None, seed: int) -> list[str]:
    if count is None:
        return names
    if count > len(names):
        raise DataError(f"the systems share {len(names)} sentences, not {count}", "ask for fewer --sentences")
    drawn = np.random.default_rng(seed).choice(len(names), count, replace=False)
    return [names[index] for index in sorted(drawn)]


def _trial(rows: Sequence[Utterance], kind: Kind, seed: int) -> Trial:
    first = rows[0]
    if kind == "smos" and first.prompt is None:
        raise DataError(f"{first.place} has no prompt", "fill in the cell: SMOS compares with it")
    systems = tuple(row.system for row in rows)
    digest = hashlib.sha256(json.dumps([seed, kind, first.id, systems]).encode()).hexdigest()
    return Trial(
        name=digest[:ID_LENGTH],
        sentence=first.id,
        systems=systems,
        sounds=tuple(row.audio for row in rows),
        text=first.text,
        prompt=first.prompt if kind == "smos" else None,
    )


def key(trials: Sequence[Trial], kind: Kind) -> dict[str, Any]:
    """What tells systems from names; it stays with who runs the test."""
    named = {trial.name: {"sentence": trial.sentence, "systems": list(trial.systems)} for trial in trials}
    digest = hashlib.sha256(json.dumps([kind, named], sort_keys=True).encode()).hexdigest()
    return {"test": digest[:ID_LENGTH], "kind": kind, "trials": named}

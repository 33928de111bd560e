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
from hiervox.evaluation.table import GROUND_TRUTH, Utterance
from hiervox.utils.errors import ConfigError, DataError
from hiervox.utils.registry import nearest

Kind = Literal["mos", "smos", "ab", "mushra"]
KINDS: tuple[Kind, ...] = ("mos", "smos", "ab", "mushra")
ID_LENGTH = 12
REFERENCE, ANCHOR = "reference (hidden)", "anchor (3.5 kHz)"
"""Of a MUSHRA trial, beside the systems: the reference once more, and its low-pass (ITU-R BS.1534-3)."""


@dataclass(frozen=True)
class Trial:
    """One question.

    Attributes:
        name: what page and answers call it.
        sentence: the utterance's id.
        systems: whose recordings are heard; two of an A/B pair, all of a MUSHRA trial.
        sounds: their files; that of an anchor is its reference.
        text: what is said; empty where unknown.
        prompt: what to compare with: the voice of a SMOS test, the reference of a MUSHRA trial.
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
        kind: `mos` rates naturalness, `smos` the similarity of voices, `ab` prefers one of two,
            `mushra` rates all systems of a sentence beside a reference.
        systems: which; empty for all.
        sentences: how many, drawn at random of those that every system has; None for all of them.
        seed: of the draw and of the stimuli's names.

    Raises:
        ConfigError: no such system, or fewer than two for `ab`.
        DataError: the systems share no sentence, or a row has no prompt for `smos` or reference for `mushra`.
    """
    known = ordered_systems(utterances)
    for system in systems:
        if system not in known:
            raise ConfigError(f"no system {system!r} in the table", nearest(system, known))
    chosen = [system for system in known if not systems or system in systems]
    if kind == "mushra":  # the reference is heard, hidden
        chosen = [system for system in chosen if system != GROUND_TRUTH]
        if not chosen or {REFERENCE, ANCHOR} & {*chosen}:
            raise ConfigError("a MUSHRA test needs a system beside its reference and anchor", "name others")
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
    groups: list[tuple[str, ...]] = [(system,) for system in chosen]
    if kind == "ab":
        groups = list(combinations(chosen, 2))
    elif kind == "mushra":
        groups = [tuple(chosen)]
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
    if kind == "mushra" and (first.reference is None or {row.reference for row in rows} != {first.reference}):
        raise DataError(
            f"the rows of {first.id!r} have no reference in common",
            "fill in the cell: MUSHRA compares all systems with one",
        )
    systems, sounds = tuple(row.system for row in rows), tuple(row.audio for row in rows)
    if kind == "mushra" and first.reference is not None:
        systems, sounds = (*systems, REFERENCE, ANCHOR), (*sounds, first.reference, first.reference)
    digest = hashlib.sha256(json.dumps([seed, kind, first.id, systems]).encode()).hexdigest()
    compared = {"smos": first.prompt, "mushra": first.reference}
    return Trial(
        name=digest[:ID_LENGTH],
        sentence=first.id,
        systems=systems,
        sounds=sounds,
        text=first.text,
        prompt=compared.get(kind),
    )


def key(trials: Sequence[Trial], kind: Kind) -> dict[str, Any]:
    """What tells systems from names; it stays with who runs the test."""
    named = {trial.name: {"sentence": trial.sentence, "systems": list(trial.systems)} for trial in trials}
    digest = hashlib.sha256(json.dumps([kind, named], sort_keys=True).encode()).hexdigest()
    return {"test": digest[:ID_LENGTH], "kind": kind, "trials": named}

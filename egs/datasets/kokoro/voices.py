"""Names of Kokoro's voices and of mixtures of two, and which of them training may hear."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from itertools import combinations
from pathlib import Path

import numpy as np
from kokoro import Voice

from hiervox.utils.errors import DataError
from hiervox.utils.registry import nearest

ENGLISH = ("af_", "am_", "bf_", "bm_")
"""How the names of American and British women and men begin; others speak English with an accent."""
SHARES = (30, 69)
"""Least and greatest percentage of a mixture's first voice."""
SHARES_BEYOND = (115, 140)
"""Likewise of one that lies beyond the first voice, away from the second."""
_MIXTURE = re.compile(r"mix\d*_([a-z]{2}_[a-z]+)_([a-z]{2}_[a-z]+)_(\d{1,3})")


def voice_of(name: str, voices: Mapping[str, Voice]) -> Voice:
    """A voice's style vectors: `af_heart`, or `mix_af_heart_bm_george_40`, 40 % of the first and the rest.

    `mix_af_heart_bm_george_130` lies beyond the first, away from the second.

    Raises:
        DataError: there is no such voice.
    """
    mixture = _MIXTURE.fullmatch(name)
    parts = mixture.groups()[:2] if mixture else (name,)
    for part in parts:
        if part not in voices:
            raise DataError(f"no voice {part!r} for {name}", nearest(part, list(voices)))
    if mixture is None:
        return voices[name]
    share = np.float32(int(mixture[3]) / 100)
    return share * voices[parts[0]] + (1 - share) * voices[parts[1]]


def training_voices(
    names: Collection[str],
    count: int,
    held_out: Collection[str],
    rng: np.random.Generator,
    beyond: float = 0.0,
) -> list[str]:
    """Names of `count` voices: every English one that is not held out, then mixtures of two of a sex.

    At least one of a mixture's two is English. No pair of a held-out mixture is mixed again, in any
    proportion, and a held-out mixture's voice that speaks no English by itself is heard nowhere.

    Args:
        names: of Kokoro's voices.
        count: how many voices.
        held_out: voices and mixtures that are not to be heard.
        rng: of the choice.
        beyond: share of the mixtures that lie beyond their first voice, where no voice of Kokoro's is.

    Raises:
        DataError: there are fewer pairs than asked for.
    """
    kept_pairs = {frozenset(match.groups()[:2]) for name in held_out if (match := _MIXTURE.fullmatch(name))}
    kept_from = {part for pair in kept_pairs for part in pair if not part.startswith(ENGLISH)} | set(held_out)
    free = sorted(set(names) - kept_from)
    own = [name for name in free if name.startswith(ENGLISH)]
    pairs = [
        pair
        for pair in combinations(free, 2)
        if pair[0][1] == pair[1][1] and frozenset(pair) not in kept_pairs
        if pair[0].startswith(ENGLISH) or pair[1].startswith(ENGLISH)
    ]
    needed = max(0, count - len(own))
    if needed > len(pairs):
        raise DataError(
            f"{len(own)} voices and {len(pairs)} mixtures are fewer than {count}", "ask for fewer voices"
        )
    mixtures = []
    for index in rng.permutation(len(pairs))[:needed]:
        first, second = rng.permutation(pairs[index])
        shares = SHARES_BEYOND if beyond and rng.random() < beyond else SHARES
        mixtures.append(f"mix_{first}_{second}_{rng.integers(*shares, endpoint=True)}")
    return [*own[:count], *mixtures]


def read_names(paths: Sequence[Path]) -> list[str]:
    """The voices that files name, one a line.

    Raises:
        DataError: a file is missing.
    """
    try:
        return [line for path in paths for line in path.read_text(encoding="utf-8").split()]
    except OSError as error:
        raise DataError(f"can't read {error.filename}", "check the path") from error

"""What is fuzzed: a reader of files, and what its files are like."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.fuzz.mutation import mutate

Reader = Callable[[Path], object]


@dataclass(frozen=True)
class Target:
    """A reader.

    Attributes:
        name: unique.
        suffix: of its files.
        seeds: good files.
        read: reads one; whatever it raises but a `HierVoxError` is a defect.
        vary: makes a whole file with wrong contents; None where bytes alone are changed.
    """

    name: str
    suffix: str
    seeds: tuple[bytes, ...]
    read: Reader
    vary: Callable[[random.Random], bytes] | None = None

    def content(self, rng: random.Random) -> bytes:
        """A changed file: of other contents, of other bytes, or of both."""
        varied = self.vary is not None and rng.random() < 0.7
        seed = self.vary(rng) if self.vary is not None and varied else rng.choice(self.seeds)
        return seed if varied and rng.random() < 0.8 else mutate(seed, rng, self.seeds)

"""FAD event by event: of all sounds that were to hold an event, against the recordings that hold it.

FAD of a whole set does not change when its captions are shuffled; this does. It prints the mean over events
for each system of a table that `generate.py` wrote.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections import defaultdict
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hiervox.evaluation.distributions import frechet_distance
from hiervox.evaluation.embeddings import build_embedding
from hiervox.processors.audio import read_audio
from hiervox.processors.event_times import parse_events


def main() -> None:
    """Print a line a system."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--table", type=Path, required=True)
    parser.add_argument("--embedding", default="mel", help="as of the metric fad")
    given = parser.parse_args()
    embedding = build_embedding(given.embedding, "cpu")

    @cache
    def vectors(file: str) -> NDArray[np.float32]:
        return np.asarray(embedding.embed(read_audio(Path(file), embedding.sample_rate)[0]), np.float32)

    sounds: dict[str, dict[str, list[tuple[str, str]]]] = defaultdict(lambda: defaultdict(list))
    with given.table.open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            for event in parse_events(row["timing"]):
                sounds[row["system"]][event].append((row["audio"], row["reference"]))
    for system, events in sounds.items():
        distances = []
        for pairs in events.values():
            made, recorded = (np.concatenate([vectors(pair[side]) for pair in pairs]) for side in (0, 1))
            distances.append(frechet_distance(made, recorded))
        sys.stdout.write(f"{system}: FAD {np.mean(distances):.2f}, mean over {len(distances)} events\n")


if __name__ == "__main__":
    main()

"""Make the sounds of test captions, and the table that is evaluated.

Beside the sounds as they are (system `made`) stand the same sounds in another order (`shuffled`), so that the
table shows what a model gets that doesn't listen to captions, and what the recordings themselves get
(`recorded`).
A model that is told times gets the column `timing`; one that isn't, the caption.
"""

from __future__ import annotations

import argparse
import csv
import sys
from pathlib import Path

import hiervox
from hiervox.models.base.data.manifest import CUTS_NAME, read_cuts, supervision_of
from hiervox.models.base.features.caption import caption_of
from hiervox.models.base.pipelines.bundle import find_part
from hiervox.models.base.pipelines.controls import make_controls, parse_assignments
from hiervox.processors.audio import write_audio

COLUMNS = ("id", "system", "audio", "reference", "timing")


def main() -> None:
    """Make what is not there, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cuts", type=Path, required=True)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--limit", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--control", action="append", default=[])
    parser.add_argument("--device", default="cpu")
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    pipeline = hiervox.load(given.model, "tta", given.device)
    timed = "times of events" in find_part(given.model, "tta").card.works
    own = parse_assignments(given.control)
    rows = []
    for number, cut in enumerate(cut for cut in read_cuts(given.cuts / CUTS_NAME)):
        if number == given.limit:
            break
        supervision = supervision_of(cut)
        timing = str((supervision.custom or {}).get("timing", "")) if supervision else ""
        caption = timing if timed else caption_of(cut)
        file = (given.out / f"{cut.id}.wav").absolute()
        if not file.is_file():
            controls = make_controls(pipeline.controls, {"seed": given.seed + number, **own})
            write_audio(file, pipeline.tta(caption, cut.duration, controls), pipeline.rate)
            sys.stdout.write(f"{file.name}: {caption}\n")
            sys.stdout.flush()
        rows.append([cut.id, file, Path(cut.recording.sources[0].source).absolute(), timing])
    others = [*rows[1:], *rows[:1]]
    with (given.out / "evaluation.csv").open("w", newline="", encoding="utf-8") as stream:
        table = csv.writer(stream)
        table.writerow(COLUMNS)
        for row, other in zip(rows, others, strict=True):
            identity, file, recorded, timing = row
            for system, sound in (("made", file), ("shuffled", other[1]), ("recorded", recorded)):
                table.writerow([identity, system, sound, recorded, timing])


if __name__ == "__main__":
    main()

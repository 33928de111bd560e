"""Speak a list with one model: EXP/ID.wav for each row, and in speed.json how quick it was.

Sentences that are there are kept.
"""

from __future__ import annotations

import argparse
import csv
import sys
from functools import partial
from pathlib import Path
from typing import Any

from hiervox.models.base.pipelines.controls import (
    SpeechControls,
    controls_of,
    make_controls,
    parse_assignments,
)
from hiervox.models.base.pipelines.loading import find_system, load
from hiervox.utils.device import choose_device
from hiervox.utils.errors import HierVoxError

sys.path.insert(0, str(Path(__file__).parent))
from speaking_list import rows_of, texts_of
from speed import Stopwatch

PROMPT_TEXT = "PROMPT_TEXT"
"""In a control's value, what is said in the row's prompt."""
FIRST_WORDS = "Hello there."
"""Spoken before the clock runs: a first pass is slower than all others."""


def voices_of(test_list: Path) -> dict[str, str]:
    """What a list with a column `voice` says, by ids."""
    with test_list.open(encoding="utf-8", newline="") as stream:
        return {row["id"]: row["voice"] for row in csv.DictReader(stream) if row.get("voice")}


def speak(arguments: argparse.Namespace) -> None:
    """Write what is not there yet."""
    voices = voices_of(arguments.list)
    rows = rows_of(arguments.list, texts_of(arguments.table))
    rows = [row for row in rows if not (arguments.out / f"{row[0]}.wav").exists()]
    if not rows:
        return
    arguments.out.mkdir(parents=True, exist_ok=True)
    device = choose_device(arguments.device)
    pipeline: Any = load(arguments.model, "tts", str(device))
    schema = controls_of(find_system(arguments.model, "tts")[0]) or SpeechControls
    stopwatch = Stopwatch(arguments.out, device)
    for number, (name, prompt, prompt_text, text) in enumerate(rows):
        given = [control.replace(PROMPT_TEXT, prompt_text) for control in arguments.control]
        own = {"seed": str(arguments.seed), **parse_assignments(given)}
        controls = make_controls(schema, own)
        chosen = voices.get(name, arguments.voice)
        voice = {"prompt": prompt, "none": None}.get(chosen, chosen)
        if not number:
            pipeline.tts(FIRST_WORDS, voice, controls)
        speech = stopwatch.time(partial(pipeline.tts, text, voice, controls))
        speech.save(arguments.out / f"{name}.wav")
        stopwatch.write()


def main() -> None:
    """Parse and speak."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--list", type=Path, required=True, help="CSV: id, text, prompt")
    parser.add_argument("--table", type=Path, required=True, help="CSV: audio, text; what is said in prompts")
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument(
        "--voice",
        default="prompt",
        help="prompt, none, or the name of one of the model's own; a column `voice` of the list rules",
    )
    parser.add_argument("--control", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--seed", type=int, default=1234)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--out", type=Path, required=True)
    speak(parser.parse_args())


if __name__ == "__main__":
    try:
        main()
    except HierVoxError as error:
        sys.exit(f"speak_list.py: {error}")

"""Build a corpus of synthetic English speech with Kokoro-82M, of any size.

Utterance number k has its sentence, its voice and its speed from the seed and k alone, so a corpus that was
stopped goes on where it was, a longer one begins with a shorter one, and shards make what one process makes.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, Protocol

import numpy as np
import soundfile
from kokoro import RATE, Kokoro, Voice, read_vocabulary, read_voices, to_float
from sentences import read_sentences
from voices import read_names, training_voices, voice_of

from hiervox.evaluation.transcripts import error_counts, normalizer
from hiervox.processors.audio import Waveform, check_waveform, peak_normalize, resample
from hiervox.processors.recognizer import Recognizer
from hiervox.processors.text import TextFrontend
from hiervox.utils.errors import AudioError, DataError, HierVoxError, TextError
from hiervox.utils.files import replacing_file, write_json, write_text
from hiervox.utils.logging import get_logger

SPEEDS = (0.9, 1.15)
SECONDS = (2.0, 12.0)
PEAK = 0.7
EDGES = (0.05, 0.1)
"""Seconds of quiet that stay before and behind the speech."""
QUIET = 0.01
"""Of the peak; what is under it at either end is no speech."""
COLUMNS = ("audio", "text", "speaker", "language", "ipa", "seconds")
LANGUAGE = "en-us"
MANIFEST_EVERY = 50

_log = get_logger("corpus")


class Synthesizer(Protocol):
    """What speaks: `Kokoro`, or a stand-in."""

    def speak(self, ipa: str, voice: Voice, speed: float) -> Waveform:
        """Speech (T,) at `RATE`."""


@dataclass(frozen=True)
class Plan:
    """What utterance number k is.

    Attributes:
        sentences: to speak.
        voices: names of who speaks them.
        seed: of the order.
        in_order: sentence k is spoken by voice k, in the order of the lists, once, at speed 1: for a held-out
            list that others refer to.
    """

    sentences: Sequence[str]
    voices: Sequence[str]
    seed: int
    in_order: bool = False

    def utterance(self, number: int) -> tuple[str, str, float]:
        """Sentence, voice and speed of utterance `number`, from 0 on without end."""
        if self.in_order:
            return (
                self.sentences[number % len(self.sentences)],
                self.voices[number % len(self.voices)],
                1.0,
            )
        speed = np.random.default_rng([self.seed, 2, number]).uniform(*SPEEDS)
        return self._turn(self.sentences, number, 0), self._turn(self.voices, number, 1), round(speed, 2)

    def _turn(self, items: Sequence[str], number: int, kind: int) -> str:
        """Each item once in random order, then each again in another."""
        lap, place = divmod(number, len(items))
        order = np.random.default_rng([self.seed, kind, lap]).permutation(len(items))
        return items[order[place]]

    def identity(self) -> dict[str, Any]:
        """What a folder must have been made with to go on in it."""
        return {
            "seed": self.seed,
            "in_order": self.in_order,
            "voices": list(self.voices),
            "sentences": len(self.sentences),
            "first": self.sentences[0],
            "last": self.sentences[-1],
        }


class Corpus:
    """The folder: `audio/VOICE/ID.opus`, `rows/` with a line an utterance, `corpus.json`, `manifest.jsonl`.

    Args:
        folder: made where it is not there.
        plan: of which the folder holds a part.
        shard: (index, count); this process makes the numbers that leave `index` when divided by `count`.

    Raises:
        DataError: the folder was made with other sentences, voices or seed.
    """

    def __init__(self, folder: Path, plan: Plan, shard: tuple[int, int] = (0, 1)) -> None:
        self.folder = folder
        self.plan = plan
        self.shard = shard
        self._check_identity()
        self._rows = folder / "rows" / f"{shard[0]}-of-{shard[1]}.jsonl"
        self._rows.parent.mkdir(exist_ok=True)
        _drop_torn_line(self._rows)

    def _check_identity(self) -> None:
        path, identity = self.folder / "corpus.json", self.plan.identity()
        if not path.exists():
            write_json(path, identity)
        elif json.loads(path.read_text(encoding="utf-8")) != identity:
            raise DataError(
                f"{self.folder} was made with other texts, voices or seed", "give those, or another --out"
            )

    def rows(self) -> list[dict[str, Any]]:
        """What all shards have made so far, in the order of the numbers; discarded utterances too."""
        lines = [
            line
            for file in sorted(self._rows.parent.glob("*.jsonl"))
            for line in file.read_text(encoding="utf-8").splitlines(keepends=True)
        ]
        rows = [json.loads(line) for line in lines if line.endswith("\n")]
        return sorted(rows, key=lambda row: row["number"])

    def waiting(self) -> Iterator[int]:
        """This shard's numbers that are not made yet: without end, but where the plan is in order."""
        index, count = self.shard
        made = {row["number"] for row in self.rows()}
        last = len(self.plan.sentences) if self.plan.in_order else sys.maxsize
        return (number for number in range(index, last, count) if number not in made)

    def seconds(self) -> float:
        """Of this shard's kept speech."""
        index, count = self.shard
        return sum(row.get("seconds", 0.0) for row in self.rows() if row["number"] % count == index)

    def add(self, row: dict[str, Any]) -> None:
        """Note an utterance whose audio is written, or which is discarded."""
        with self._rows.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(row, ensure_ascii=False) + "\n")

    def write_manifest(self) -> None:
        """Write `manifest.jsonl`, a table that `hiervox prepare` reads, of what all shards have made."""
        rows = [{key: row[key] for key in COLUMNS} for row in self.rows() if "audio" in row]
        lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in rows]
        write_text(self.folder / "manifest.jsonl", "".join(lines))


def make(
    corpus: Corpus,
    synthesizer: Synthesizer,
    voices: dict[str, Voice],
    seconds: float,
    suffix: str = ".opus",
    error_rate: Callable[[str, Waveform], float] | None = None,
    most_errors: float = 0.1,
) -> None:
    """Speak until this shard holds `seconds` of speech.

    Args:
        corpus: to add to.
        synthesizer: speaks.
        voices: Kokoro's own, by name.
        seconds: of this shard alone.
        suffix: `.opus` or `.flac`.
        error_rate: share of a sentence's characters that a recogniser gets wrong.
        most_errors: an utterance with more is discarded.
    """
    frontend = TextFrontend(LANGUAGE)
    done = corpus.seconds()
    try:
        for turn, number in enumerate(corpus.waiting(), start=1):
            if done >= seconds:
                break
            text, name, speed = corpus.plan.utterance(number)
            row: dict[str, Any] = {"number": number, "text": text, "speaker": name, "speed": speed}
            try:
                row["ipa"] = frontend.phonemes(text)
                wav = _finished(synthesizer.speak(row["ipa"], voice_of(name, voices), speed))
                row["errors"] = round(error_rate(text, wav), 3) if error_rate else 0.0
                if row["errors"] > most_errors:
                    raise AudioError(f"{row['errors']:.0%} of the characters are misheard", "")
            except (AudioError, TextError, ValueError) as error:
                _log.info("utterance %d is discarded: %s", number, error)
                corpus.add({**row, "discarded": str(error)})
                continue
            row["audio"] = f"audio/{name}/{name}_{number:06d}{suffix}"
            _write(corpus.folder / row["audio"], wav)
            row |= {"language": LANGUAGE, "seconds": round(len(wav) / RATE, 3)}
            corpus.add(row)
            done += row["seconds"]
            if turn % MANIFEST_EVERY == 0:
                corpus.write_manifest()
                _log.info("%.1f minutes", done / 60)
    finally:
        corpus.write_manifest()
        _log.info("%.1f minutes of speech in %s", done / 60, corpus.folder)


def _finished(wav: Waveform) -> Waveform:
    """Cut the quiet at the ends, set the level, and refuse what is no utterance of 2 to 12 s."""
    check_waveform(peak_normalize(wav, PEAK), "speech")
    loud = np.flatnonzero(np.abs(wav) > QUIET * np.abs(wav).max())
    first = max(0, loud[0] - int(EDGES[0] * RATE))
    cut = peak_normalize(wav[first : loud[-1] + int(EDGES[1] * RATE)], PEAK)
    if not SECONDS[0] <= len(cut) / RATE <= SECONDS[1]:
        raise AudioError(f"{len(cut) / RATE:.1f} s of speech", "")
    return cut


def _write(path: Path, wav: Waveform) -> None:
    kind = {".opus": ("OGG", "OPUS"), ".flac": ("FLAC", "PCM_16")}[path.suffix]
    with replacing_file(path) as temporary:
        soundfile.write(temporary, wav, RATE, format=kind[0], subtype=kind[1])


def _drop_torn_line(path: Path) -> None:
    """Cut a line off that a killed process did not finish."""
    if path.exists():
        content = path.read_bytes()
        if content and not content.endswith(b"\n"):
            path.write_bytes(content[: content.rfind(b"\n") + 1])


def character_error_rate(text: str, wav: Waveform, recognizer: Recognizer) -> float:
    """Of Whisper's transcript of `wav` (T,) at `RATE`, both texts normalised."""
    normalize = normalizer("en")
    counts = error_counts(
        normalize(text).strip(), normalize(recognizer.transcribe(resample(wav, RATE, 16_000)))
    )
    return counts["character_errors"] / counts["characters"]


def _shard(text: str) -> tuple[int, int]:
    index, _, count = text.partition("/")
    if not (index.isdigit() and count.isdigit() and int(index) < int(count)):
        raise argparse.ArgumentTypeError(f"{text!r} is no shard such as 0/4")
    return int(index), int(count)


def _arguments(given: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--kokoro", type=Path, required=True, help="folder that fetch_kokoro.sh made")
    add("--texts", type=Path, nargs="+", required=True, help="LJ Speech's metadata.csv, books, or lists")
    add("--exclude", type=Path, nargs="*", default=[], help="lists whose sentences are not to be spoken")
    add("--out", type=Path, required=True)
    add("--hours", type=float, default=8.0, help="of speech, over all shards (default 8)")
    add("--voices", type=int, default=300, help="voices and mixtures of two (default 300)")
    add("--beyond", type=float, default=0.0, help="share of the mixtures beyond their first voice, as in 0.5")
    add("--hold-out", type=Path, nargs="*", default=[], help="lists of voices that are not to be heard")
    add("--voice-list", type=Path, help="these voices, and sentence k by voice k in order, instead")
    add("--seed", type=int, default=1234)
    add("--shard", type=_shard, default=(0, 1), help="as in 0/4: the first of four processes")
    add("--threads", type=int, default=1)
    add("--float", action="store_true", help="float32 weights: quicker where a CPU has no VNNI; needs onnx")
    add("--format", choices=("opus", "flac"), default="opus")
    add(
        "--most-errors", type=float, help="discard what Whisper mishears by more of its characters, as in 0.1"
    )
    add("--recognizer", default=Recognizer().model, help="faster-whisper model for --most-errors")
    return parser.parse_args(given)


def _stop(number: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + number)


def _run(arguments: argparse.Namespace) -> None:
    voices = read_voices(arguments.kokoro / "voices")
    sentences = read_sentences(arguments.texts, arguments.exclude)
    if arguments.voice_list:
        names = read_names([arguments.voice_list])
    else:
        held_out = read_names(arguments.hold_out)
        rng = np.random.default_rng(arguments.seed)
        names = training_voices(voices, arguments.voices, held_out, rng, arguments.beyond)
    model = arguments.kokoro / "model_int8.onnx"
    if arguments.float:
        int8, model = model, arguments.kokoro / "model_float.onnx"
        if not model.exists():
            to_float(int8, model)
    recognizer = Recognizer(arguments.recognizer)
    plan = Plan(sentences, names, arguments.seed, in_order=arguments.voice_list is not None)
    make(
        Corpus(arguments.out, plan, arguments.shard),
        Kokoro(model, read_vocabulary(arguments.kokoro / "vocab.json"), arguments.threads),
        voices,
        seconds=arguments.hours * 3600 / arguments.shard[1],
        suffix=f".{arguments.format}",
        error_rate=None
        if arguments.most_errors is None
        else lambda text, wav: character_error_rate(text, wav, recognizer),
        most_errors=arguments.most_errors or 0.0,
    )


def main(given: Sequence[str] | None = None) -> None:
    """Parse, yield the processor to any other work, and speak; SIGTERM ends it as cleanly as Ctrl-C."""
    arguments = _arguments(given)
    os.nice(19)
    signal.signal(signal.SIGTERM, _stop)
    try:
        _run(arguments)
    except HierVoxError as error:
        print(f"make_corpus.py: {error}", file=sys.stderr)  # noqa: T201
        raise SystemExit(2) from error


if __name__ == "__main__":
    main()

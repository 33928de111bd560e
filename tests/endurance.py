"""Memory and speed while a long text streams.

`python -m tests.endurance BUNDLE` speaks many sentences of different lengths in one stream, prints how much
memory the process holds as the sound comes, and then how long one sentence takes to begin and to end. Without
a bundle the networks have the published sizes and random weights.
"""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import torch
import typer

from hiervox.models.base.pipelines.voice import Voice
from hiervox.models.tts.hierspeechpp.controls import HierSpeechControls
from hiervox.models.tts.hierspeechpp.parts import Networks
from hiervox.models.tts.hierspeechpp.pipeline import HierSpeechPipeline
from hiervox.processors.audio import read_audio
from hiervox.utils.errors import HierVoxError
from tests.models.tts.hierspeechpp.random_networks import random_networks, random_voice
from tests.models.tts.hierspeechpp.tiny_bundle import voice as synthetic_voice

WORDS = (
    "the a that was river stone morning evening letter window garden carefully quickly never always walked "
    "opened answered remembered between across without children weather mountain silver quiet little"
)
PHRASE = "The weather was fine that morning, so we walked across the river to the old garden."


@dataclass(frozen=True)
class Moment:
    """How far a stream has come.

    Attributes:
        audio: seconds of sound so far.
        elapsed: seconds since the text was given.
        computed: seconds of a CPU since then; less than `elapsed` where other programs run, too.
        resident: bytes of memory that the process holds.
    """

    audio: float
    elapsed: float
    computed: float
    resident: int


def sentences(number: int, seed: int = 0) -> list[str]:
    """Sentences of 1 to 24 words."""
    rng, words = random.Random(seed), WORDS.split()
    return [" ".join(rng.choices(words, k=rng.randint(1, 24))).capitalize() + "." for _ in range(number)]


def resident_bytes() -> int:
    """Memory that the process holds (Linux)."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096


def watch(networks: Networks, text: str, voice: Voice, controls: HierSpeechControls) -> Iterator[Moment]:
    """Stream a text; a moment after each chunk."""
    begun, computed_before, samples = time.perf_counter(), time.process_time(), 0
    pipeline = HierSpeechPipeline(networks)
    rate = pipeline.output_rate(controls)
    for chunk in pipeline.tts_stream(text, voice, controls):
        samples += chunk.size
        computed = time.process_time() - computed_before
        yield Moment(samples / rate, time.perf_counter() - begun, computed, resident_bytes())


def time_phrase(networks: Networks, voice: Voice, controls: HierSpeechControls, times: int) -> Iterator[str]:
    """Lines that say how long one phrase takes: medians, once it has been spoken."""
    runs = [list(watch(networks, PHRASE, voice, controls)) for _ in range(times + 1)][1:]
    audio = runs[0][-1].audio
    yield f"One sentence of {audio:.1f} s, medians of {times} with {torch.get_num_threads()} thread(s):"
    for name in ("elapsed", "computed"):
        first, whole = (statistics.median(getattr(run[at], name) for run in runs) for at in (0, -1))
        yield f"{name}: first audio after {first:.2f} s, real-time factor {whole / audio:.2f}"


def report(
    networks: Networks,
    voice: Voice,
    controls: HierSpeechControls,
    number: int,
    every: float,
    times: int,
    say: Callable[[str], object],
) -> list[Moment]:
    """Print a Markdown table of the stream every so many seconds of audio, and then the medians."""
    say(f"| {number} sentences: audio (s) | elapsed (s) | memory (MB) |")
    say("|---|---|---|")
    moments: list[Moment] = []
    for moment in watch(networks, " ".join(sentences(number)), voice, controls):
        if not moments or moment.audio - moments[-1].audio >= every:
            moments.append(moment)
            say(f"| {moment.audio:.0f} | {moment.elapsed:.0f} | {moment.resident / 1e6:.0f} |")
    say("")
    for line in time_phrase(networks, voice, controls, times):
        say(line)
    return moments


def main(
    bundle: Annotated[Path | None, typer.Argument(help="A model's folder; random weights without.")] = None,
    prompt: Annotated[Path | None, typer.Option(help="Whose voice; a synthetic one by default.")] = None,
    number: Annotated[int, typer.Option("--sentences")] = 200,
    rate: Annotated[int, typer.Option()] = 16000,
    every: Annotated[float, typer.Option(help="Seconds of audio between two rows.")] = 60.0,
    times: Annotated[int, typer.Option(help="How often one sentence is timed.")] = 9,
) -> None:
    """Print what a long stream takes."""
    try:
        controls = HierSpeechControls(rate=rate, scaling="none")
        if bundle is None:
            networks = random_networks()
            voice = random_voice(networks, seed=0)
        else:
            networks = Networks.load(bundle)
            recording = (synthetic_voice(3.0), 16000) if prompt is None else read_audio(prompt)
            voice = HierSpeechPipeline(networks).voice(recording)
        report(networks, voice, controls, number, every, times, typer.echo)
    except HierVoxError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error


if __name__ == "__main__":
    typer.run(main)

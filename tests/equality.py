"""How far batches and streams are from single sentences spoken at once.

`python -m tests.equality` measures it on networks of the published sizes with random weights, or on those of
a bundle, and prints a Markdown table. Batches really share their passes here, also on a CPU.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from hiervox.models.base.pipelines.concatenation import concatenate
from hiervox.models.base.pipelines.text_to_speech import Item
from hiervox.models.base.pipelines.token_sequence import TokenSequence, pauses_behind, token_sequence
from hiervox.models.tts.hierspeechpp import windowed
from hiervox.models.tts.hierspeechpp.controls import HierSpeechControls
from hiervox.models.tts.hierspeechpp.parts import Networks
from hiervox.models.tts.hierspeechpp.pipeline import HierSpeechPipeline
from hiervox.processors.text.script import Span, Utterance
from tests.models.tts.hierspeechpp.random_networks import random_networks, random_voice

CONTROLS = HierSpeechControls(noise_scale=0.667, noise_scale_ttv=0.667, scaling="none")
TEXT = [
    Utterance((Span("Yes."),)),
    Utterance((Span("The river was quiet that morning."),)),
    Utterance((Span("She opened the window, and "), Span("slowly, ", rate=0.6), Span("she looked out."))),
]


def worst(one: np.ndarray, other: np.ndarray) -> float:
    """Largest difference; infinite where the lengths differ."""
    return float(np.abs(one - other).max()) if one.shape == other.shape else float("inf")


@contextmanager
def shared_passes(size: int) -> Iterator[None]:
    """Let batches share passes on a CPU, too."""
    sizes = HierSpeechPipeline.cpu_batch, windowed.CPU_PASSES
    HierSpeechPipeline.cpu_batch, windowed.CPU_PASSES = size, size
    try:
        yield
    finally:
        HierSpeechPipeline.cpu_batch, windowed.CPU_PASSES = sizes


def read(pipeline: HierSpeechPipeline, text: list[Utterance]) -> list[TokenSequence]:
    """The text's token sequences."""
    frontend = pipeline.frontend()
    return [token_sequence(frontend, one, position, pipeline.blanks) for position, one in enumerate(text)]


def batch_time(networks: Networks, size: int = 8) -> float:
    """Processor time of a batch whose passes are shared over that of its sentences one by one."""
    pipeline = HierSpeechPipeline(networks)
    items: list[Item] = [(one, random_voice(networks, 0)) for one in read(pipeline, [TEXT[1]] * size)]
    taken = []
    for shared in (1, size, 1, size):
        with shared_passes(shared):
            begun = time.process_time()
            pipeline.synthesize(items, CONTROLS)
            taken.append(time.process_time() - begun)
    return taken[3] / taken[2]  # the first two warm up


def measure(networks: Networks, text: list[Utterance] = TEXT) -> dict[str, float]:
    """Largest differences of waveforms, full scale at 1."""
    pipeline = HierSpeechPipeline(networks)
    sequences, voices = read(pipeline, text), [random_voice(networks, seed) for seed in range(len(text))]
    items = list(zip(sequences, voices, strict=True))
    alone = [pipeline.synthesize([item], CONTROLS)[0] for item in items]
    in_text = [pipeline.synthesize([(one, voices[0])], CONTROLS)[0] for one in sequences]
    parts = concatenate([[one.wav] for one in in_text], pauses_behind(sequences), 16_000)
    whole = np.concatenate(list(parts))
    streamed = np.concatenate(list(pipeline.tts_stream(sequences, voices[0], CONTROLS)))
    with shared_passes(len(text)):
        together = pipeline.synthesize(items, CONTROLS)
    return {
        "largest sample": max(float(np.abs(one.wav).max()) for one in alone),
        "a batch of lengths and voices, and each alone": max(
            worst(one.wav, other.wav) for one, other in zip(together, alone, strict=True)
        ),
        "a joined stream, and the whole": worst(streamed, whole),
    }


def main(
    bundle: Annotated[Path | None, typer.Argument(help="A model's folder; random weights without.")] = None,
) -> None:
    """Print the differences."""
    networks = random_networks() if bundle is None else Networks.load(bundle)
    typer.echo(f"| {'random weights of the published sizes' if bundle is None else bundle.name} | at most |")
    typer.echo("|---|---|")
    for name, value in measure(networks).items():
        typer.echo(f"| {name} | {value:.1e} |")
    typer.echo(f"\nShared passes of 8 sentences take {batch_time(networks):.2f} of the time of one by one.")


if __name__ == "__main__":
    typer.run(main)

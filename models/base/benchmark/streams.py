"""What a long text takes while it streams, and how far streams and batches are from single texts."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Any

import numpy as np
import torch

from hiervox.models.base.benchmark.networks import Setting
from hiervox.models.base.pipelines.loading import load
from hiervox.models.base.pipelines.protocols import TextToSpeech
from hiervox.models.base.pipelines.speech_pipeline import SpeechPipeline
from hiervox.processors.audio import Waveform
from hiervox.utils.host import resident_bytes

WORDS = (
    "the a that was river stone morning evening letter window garden carefully quickly never always walked "
    "opened answered remembered between across without children weather mountain silver quiet little"
)
MOST_WORDS = 24
TEXTS = (
    "Yes.",
    "The river was quiet that morning.",
    "She opened the window, and slowly she looked out.",
)


@dataclass(frozen=True)
class Moment:
    """How far a stream has come.

    Attributes:
        audio: seconds of sound so far.
        elapsed: seconds since the text was given.
        processor: seconds of the processor since then.
        resident: bytes of memory that the process holds.
    """

    audio: float
    elapsed: float
    processor: float
    resident: int


def sentences(number: int, seed: int = 0) -> str:
    """A text of so many sentences of 1 to 24 words."""
    rng, words = random.Random(seed), WORDS.split()
    made = (" ".join(rng.choices(words, k=rng.randint(1, MOST_WORDS))) for _ in range(number))
    return " ".join(f"{sentence.capitalize()}." for sentence in made)


def watch(pipeline: TextToSpeech[Any], text: str, voice: Any = None) -> Iterator[Moment]:
    """Stream a text by a pipeline of task `tts`; a moment after each chunk."""
    begun, processor, samples = time.perf_counter(), time.process_time(), 0
    for chunk in pipeline.tts_stream(text, voice):
        samples += chunk.size
        now = time.perf_counter() - begun, time.process_time() - processor
        yield Moment(samples / pipeline.rate, *now, resident_bytes())


def every_so_often(moments: Iterator[Moment], every: float) -> list[Moment]:
    """The first moment and those that are at least `every` seconds of sound apart; the last one, too."""
    kept: list[Moment] = []
    last: Moment | None = None
    for last in moments:
        if not kept or last.audio - kept[-1].audio >= every:
            kept.append(last)
    return kept if last is None or last is kept[-1] else [*kept, last]


def time_stream(name: str | None, number: int, every: float, setting: Setting) -> list[Moment]:
    """Stream a text of `number` sentences by a model, in a process of its own.

    Raises:
        ConfigError, CheckpointError: as `hiervox.load`.
    """
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(_time_stream, name, number, every, setting).result()


def _time_stream(name: str | None, number: int, every: float, setting: Setting) -> list[Moment]:
    if setting.threads is not None:
        torch.set_num_threads(setting.threads)
    pipeline = load(name, "tts", setting.device, precision=setting.precision)
    return every_so_often(watch(pipeline, sentences(number, setting.size.seed)), every)


def agreement(
    pipeline: SpeechPipeline[Any], voice: Any = None, texts: Sequence[str] = TEXTS
) -> dict[str, float]:
    """Largest differences of waveforms, full scale at 1. Batches share their passes on a CPU, too.

    Args:
        pipeline: of task `tts`.
        voice: as its methods take it.
        texts: of different lengths.
    """
    controls = pipeline.controls(scaling="none")
    alone = [pipeline.tts(text, voice, controls).wav for text in texts]
    before, pipeline.batch_size = pipeline.batch_size, len(texts)
    try:
        together = [speech.wav for speech in pipeline.tts_batch(list(texts), voice, controls)]
    finally:
        pipeline.batch_size = before
    streamed = [np.concatenate(list(pipeline.tts_stream(text, voice, controls))) for text in texts]
    return {
        "largest sample": max(float(np.abs(wav).max()) for wav in alone),
        "batch of several lengths, and each alone": _worst(together, alone),
        "concatenated stream, and the whole": _worst(streamed, alone),
    }


def _worst(ours: Sequence[Waveform], others: Sequence[Waveform]) -> float:
    """The largest difference; infinite where lengths differ."""
    return max(
        float(np.abs(one - other).max()) if one.shape == other.shape else float("inf")
        for one, other in zip(ours, others, strict=True)
    )

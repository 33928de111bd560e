"""How time and memory grow with the length of a text, with the number of texts, and with the prompt."""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import cycle, islice
from multiprocessing import get_context
from typing import Any

import torch

from hiervox.models.base.benchmark.models import RECORDING_RATE, speech_like
from hiervox.models.base.benchmark.networks import Setting
from hiervox.models.base.benchmark.streams import WORDS
from hiervox.models.base.pipelines.loading import load
from hiervox.models.base.pipelines.protocols import TextToSpeech
from hiervox.utils.host import peak_memory
from hiervox.utils.timing import Timing, measure

AXES: dict[str, tuple[int, ...]] = {
    "words": (1, 10, 30, 60, 120, 180, 250, 500),
    "texts": (1, 2, 4, 8, 16, 32),
    "prompt (s)": (1, 3, 10, 30, 60),
}
"""What grows, and the sizes that are timed by default."""
WORDS_PER_SENTENCE = 12
PROMPT_SECONDS = 3.0


@dataclass(frozen=True)
class Growth:
    """What a size took.

    Attributes:
        axis: one of `AXES`.
        size: of what grows; the rest is one sentence and a prompt of 3 s.
        sound: seconds that came out.
        timing: of all of it.
        memory: the most that the process held, bytes.
    """

    axis: str
    size: int
    sound: float
    timing: Timing
    memory: int


def text_of(words: int) -> str:
    """A text of so many words, in sentences of 12."""
    chosen = list(islice(cycle(WORDS.split()), words))
    sentences = (chosen[start : start + WORDS_PER_SENTENCE] for start in range(0, words, WORDS_PER_SENTENCE))
    return " ".join(f"{' '.join(sentence).capitalize()}." for sentence in sentences)


def time_growth(
    name: str | None, setting: Setting, axes: dict[str, Sequence[int]] | None = None
) -> list[Growth]:
    """Time a model at each size of each axis, each in a process of its own.

    Args:
        name: of an installed model of the task `tts`, or a folder; None for the default.
        setting: device, threads, repeats.
        axes: sizes by axis; None for `AXES`.

    Raises:
        ConfigError, CheckpointError: as `hiervox.load`.
    """
    results = []
    for axis, sizes in (axes or AXES).items():
        for size in sizes:
            with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
                results.append(pool.submit(_time, name, setting, axis, size).result())
    return results


def _time(name: str | None, setting: Setting, axis: str, size: int) -> Growth:
    if setting.threads is not None:
        torch.set_num_threads(setting.threads)
    pipeline: TextToSpeech[Any] = load(name, "tts", device=setting.device, precision=setting.precision)
    words, texts, prompt = WORDS_PER_SENTENCE, 1, PROMPT_SECONDS
    if axis == "words":
        words = size
    elif axis == "texts":
        texts = size
    else:
        prompt = float(size)
    batch, voice = [text_of(words)] * texts, (speech_like(prompt), RECORDING_RATE)
    pipeline.tts("Yes.", (speech_like(1.0), RECORDING_RATE))  # loads what is loaded when it is needed
    seconds = 0.0

    def run() -> None:
        nonlocal seconds
        seconds = sum(speech.wav.size / speech.rate for speech in pipeline.tts_batch(batch, voice))

    timing = measure({axis: run}, setting.repeats, 0)[axis]
    return Growth(axis, size, seconds, timing, peak_memory())


def exponents(results: Sequence[Growth]) -> dict[str, float]:
    """How the time of an axis grows between its two largest sizes: 1 is linear, 2 the square."""
    found = {}
    for axis in dict.fromkeys(result.axis for result in results):
        *_, last, largest = [result for result in results if result.axis == axis]
        times = largest.timing.median() / last.timing.median()
        found[axis] = math.log(times) / math.log(largest.size / last.size)
    return found

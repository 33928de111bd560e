"""Sentences of several requests in one pass of the networks."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hiervox
from hiervox.bins.serving import jobs
from hiervox.bins.serving.engine import Engine
from hiervox.bins.serving.schema import SpeechRequest
from hiervox.models.base.pipelines.voice_store import save_voice
from hiervox.processors.audio import Waveform
from hiervox.utils.errors import AudioError
from tests.models.tts.hierspeechpp.tiny_bundle import SAMPLE_RATE, voice, write_tiny_bundle

MOST = 3
TEXTS = ["One.", "Two of them. And more.", "A third text.", "This is the last one."]


class Shared:
    """An engine whose thread begins when all requests wait, and the sizes of what it made together."""

    def __init__(self, folder: Path) -> None:
        self.pipeline = hiervox.load(folder, device="cpu")
        for name, pitch in (("anna", 210.0), ("bert", 120.0)):
            save_voice(name, self.pipeline.voice((voice(1.0, pitch), SAMPLE_RATE)), made_of={})
        self.engine = Engine([str(folder)], "cpu", batch=MOST)
        self.passes: list[int] = []
        opened = self.engine.opened(self.engine.model(""), "tts")
        assert opened.largest_batch == MOST and self.pipeline.largest_batch == 1
        self.synthesize = opened.synthesize
        opened.synthesize = self.noted

    def noted(self, items: Sequence[Any], controls: Any) -> Any:
        self.passes.append(len(items))
        return self.synthesize(items, controls)

    async def spoken(self, text: str, **asked: Any) -> Waveform:
        request = SpeechRequest(input=text, **{"voice": "anna", **asked})
        work = await self.engine.begin(jobs.speech(self.engine, request))
        chunks = []
        while (wav := await self.engine.chunk(work)) is not None:
            chunks.append(wav)
        self.engine.close(work)
        return np.concatenate(chunks)

    def together(self, *coroutines: Any, gone: int | None = None) -> list[Any]:
        """What becomes of requests that come at one time; the client of one may be gone at once."""

        async def all_of_them() -> list[Any]:
            read, spoken = threading.Event(), threading.Event()
            self.engine._thread.submit(read.wait, -1)
            tasks = [asyncio.ensure_future(each) for each in coroutines]
            await asyncio.sleep(0)  # texts are read at 0, sentences are due now
            self.engine._thread.submit(spoken.wait, 1)
            read.set()
            while len(self.engine.batches._waiting) < len(tasks):
                await asyncio.sleep(0.001)
            if gone is not None:
                tasks[gone].cancel()
                await asyncio.sleep(0)
            spoken.set()
            return await asyncio.gather(*tasks, return_exceptions=True)

        self.passes.clear()
        return asyncio.run(all_of_them())

    def alone(self, text: str, name: str = "anna", **controls: Any) -> Waveform:
        own = self.pipeline.controls(scaling="none", **controls)
        return self.pipeline.tts(text, name, own).wav


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    folder = tmp_path_factory.mktemp("shared")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HIERVOX_HOME", str(folder / "home"))
        patch.setattr("hiervox.models.tts._hierarchy.windowed.CPU_PASSES", MOST)
        made = Shared(write_tiny_bundle(folder / "tiny"))
        yield made
        made.engine.stop()


def assert_same(wav: Waveform, own: Waveform) -> None:
    assert wav.shape == own.shape and np.abs(wav - own).max() < 1e-4 < np.abs(own).max()


@pytest.mark.parametrize("name", ["wav", "pcm"])
def test_sentences_of_several_requests_share_passes(shared: Shared, name: str) -> None:
    voices = ["anna", "bert", "anna", "bert"]
    made = shared.together(
        *(
            shared.spoken(text, voice=named, response_format=name)
            for text, named in zip(TEXTS, voices, strict=True)
        )
    )
    for text, named, wav in zip(TEXTS, voices, made, strict=True):
        assert_same(wav, shared.alone(text, named))
    assert shared.passes[0] == MOST and sum(shared.passes) < 2 * len(TEXTS)


def test_other_settings_share_none(shared: Shared) -> None:
    made = shared.together(
        shared.spoken(TEXTS[0], hiervox={"seed": 5}, response_format="wav"),
        shared.spoken(TEXTS[2], response_format="wav"),
        shared.spoken(TEXTS[3], response_format="wav", hiervox={"rate": 24_000}),
    )
    assert_same(made[0], shared.alone(TEXTS[0], seed=5))
    assert_same(made[1], shared.alone(TEXTS[2]))
    assert_same(made[2], shared.alone(TEXTS[3], rate=24_000))
    assert sorted(shared.passes) == [1, 2]


def test_a_client_that_is_gone_is_in_no_batch(shared: Shared) -> None:
    made = shared.together(
        *(shared.spoken(text, response_format="wav") for text in (TEXTS[0], TEXTS[2], TEXTS[3])), gone=1
    )
    assert isinstance(made[1], asyncio.CancelledError)
    assert_same(made[0], shared.alone(TEXTS[0]))
    assert_same(made[2], shared.alone(TEXTS[3]))
    assert shared.passes == [2]


def test_an_error_of_one_is_not_that_of_others(shared: Shared, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(items: Sequence[Any], controls: Any) -> Any:
        if any(sequence.text == "Bad." for sequence, _ in items):
            shared.passes.append(-len(items))
            raise AudioError("it is silent", "say something else")
        return shared.noted(items, controls)

    opened = shared.engine.opened(shared.engine.model(""), "tts")
    monkeypatch.setattr(opened, "synthesize", failing)
    made = shared.together(
        *(shared.spoken(text, response_format="wav") for text in (TEXTS[0], "Bad.", TEXTS[3]))
    )
    assert isinstance(made[1], AudioError)
    assert_same(made[0], shared.alone(TEXTS[0]))
    assert_same(made[2], shared.alone(TEXTS[3]))
    assert shared.passes == [-3, 1, -1, 1]


def test_timed_words_and_spent_time_are_those_of_each(shared: Shared) -> None:
    async def timed(text: str) -> tuple[list[str], float]:
        asked = {"timestamps": ["word"]}
        request = SpeechRequest(input=text, voice="anna", stream_format="sse", hiervox=asked)
        work = await shared.engine.begin(jobs.speech(shared.engine, request))
        while await shared.engine.chunk(work) is not None:
            pass
        return [word["text"] for times in work.sound.times for word in times["words"]], work.spent

    made = shared.together(*map(timed, TEXTS))
    assert [words for words, _ in made] == [text.split() for text in TEXTS]
    spent = [seconds for _, seconds in made]
    assert min(spent) > 0 and max(spent) < 20 * min(spent)

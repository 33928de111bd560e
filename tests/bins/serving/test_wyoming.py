"""The Wyoming protocol, by its own client."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Awaitable, Callable, Iterator

import numpy as np
import pytest
import uvicorn

import hiervox
from hiervox.bins.serving.app import make_app
from hiervox.bins.serving.engine import Engine

pytest.importorskip("wyoming")
from wyoming.audio import AudioChunk, AudioStart
from wyoming.client import AsyncTcpClient
from wyoming.error import Error
from wyoming.info import Describe, Info
from wyoming.tts import (
    Synthesize,
    SynthesizeChunk,
    SynthesizeStart,
    SynthesizeStop,
    SynthesizeVoice,
)

TEXT = "One sentence. And another one."


class Served:
    def __init__(self) -> None:
        self.engine = Engine(["box"], "cpu")
        self.listening = socket.create_server(("127.0.0.1", 0))
        app = make_app(self.engine, time_limit=300, wyoming=self.listening)
        self.server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error"))
        self.thread = threading.Thread(target=self.server.run, daemon=True)
        self.thread.start()
        while not self.server.started:
            time.sleep(0.02)
            assert self.thread.is_alive()
        self.port = self.listening.getsockname()[1]

    def talk(self, job: Callable[[AsyncTcpClient], Awaitable[object]]) -> object:
        async def run() -> object:
            async with AsyncTcpClient("127.0.0.1", self.port) as client:
                return await asyncio.wait_for(job(client), 300)

        return asyncio.run(run())


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    served = Served()
    yield served
    served.server.should_exit = True
    served.thread.join(20)
    assert not served.thread.is_alive()


async def heard(client: AsyncTcpClient, last: str = "audio-stop") -> tuple[np.ndarray, int, list[str]]:
    """Samples, their rate, and the types of the messages up to the last."""
    sound, rate, types = b"", 0, []
    while (event := await client.read_event()) is not None:
        types.append(event.type)
        if AudioStart.is_type(event.type):
            rate = AudioStart.from_event(event).rate
        elif AudioChunk.is_type(event.type):
            sound += AudioChunk.from_event(event).audio
        elif event.type in (last, "error"):
            break
    return np.frombuffer(sound, "<i2"), rate, types


def expected(voice: str, text: str = TEXT) -> np.ndarray:
    pipeline = hiervox.load("box", device="cpu")
    wav = pipeline.tts(text, pipeline.voice(voice), pipeline.controls(scaling="none")).wav
    return (wav.clip(-1, 1) * 32767).round().astype(int)


def test_voices_are_described(served: Served) -> None:
    async def described(client: AsyncTcpClient) -> Info:
        await client.write_event(Describe().event())
        event = await client.read_event()
        assert event is not None
        return Info.from_event(event)

    info = served.talk(described)
    assert isinstance(info, Info)
    (program,) = info.tts
    assert {voice.name for voice in program.voices} >= {"rowan", "willow"}
    assert program.voices[0].languages == ["en-US"] and program.supports_synthesize_streaming


def test_a_text_is_spoken_as_by_the_pipeline(served: Served) -> None:
    async def spoken(client: AsyncTcpClient) -> list[np.ndarray]:
        sounds = []
        for _ in range(2):
            await client.write_event(Synthesize(TEXT, SynthesizeVoice("willow")).event())
            wav, rate, _ = await heard(client)
            assert rate == 16_000
            sounds.append(wav)
        return sounds

    whole = expected("willow")
    for wav in served.talk(spoken):  # type: ignore[attr-defined]
        assert wav.shape == whole.shape and np.abs(wav - whole).max() <= 3


def test_text_in_pieces_is_spoken_as_a_whole(served: Served) -> None:
    async def spoken(client: AsyncTcpClient) -> np.ndarray:
        await client.write_event(SynthesizeStart(SynthesizeVoice("rowan")).event())
        for start in range(0, len(TEXT), 4):
            await client.write_event(SynthesizeChunk(TEXT[start : start + 4]).event())
        await client.write_event(Synthesize(TEXT).event())  # for servers that know no streams
        await client.write_event(SynthesizeStop().event())
        wav, _, types = await heard(client, "synthesize-stopped")
        assert types[0] == "audio-start" and types[-2:] == ["audio-stop", "synthesize-stopped"]
        return wav

    wav, whole = served.talk(spoken), expected("rowan")
    assert isinstance(wav, np.ndarray) and wav.shape == whole.shape and np.abs(wav - whole).max() <= 3


@pytest.mark.parametrize("enclosed", [False, True])
def test_ssml_in_pieces_is_one_text(served: Served, enclosed: bool) -> None:
    """An element may begin in one piece and end in another, with `<speak>` around all or without it."""
    inner = 'Hello <prosody rate="fast">there. And</prosody> you.'
    whole = f"<speak>{inner}</speak>"

    async def spoken(client: AsyncTcpClient) -> np.ndarray:
        await client.write_event(SynthesizeStart(SynthesizeVoice("rowan"), text_format="ssml").event())
        sent = whole if enclosed else inner
        for start in range(0, len(sent), 10):
            await client.write_event(SynthesizeChunk(sent[start : start + 10]).event())
        await client.write_event(SynthesizeStop().event())
        wav, _, types = await heard(client, "synthesize-stopped")
        assert "error" not in types
        return wav

    wav, made = served.talk(spoken), expected("rowan", whole)
    assert isinstance(wav, np.ndarray) and wav.shape == made.shape and np.abs(wav - made).max() <= 3


def test_errors_say_what_to_do(served: Served) -> None:
    async def refused(client: AsyncTcpClient) -> str:
        await client.write_event(Synthesize("Hello.", SynthesizeVoice("/etc/passwd")).event())
        event = await client.read_event()
        assert event is not None
        return Error.from_event(event).text

    assert "no voice can be called" in str(served.talk(refused))
    assert served.engine.in_flight == 0


@pytest.mark.parametrize(
    "sent", [b"no JSON\n", b"[]\n", b"{}\n", b'{"type": "ping", "payload_length": 9999999999}\n']
)
def test_what_is_not_of_the_protocol_is_refused(served: Served, sent: bytes) -> None:
    with socket.create_connection(("127.0.0.1", served.port), timeout=10) as connection:
        connection.sendall(sent)
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert b'"type": "error"' in answer


def test_a_client_that_goes_leaves_no_work(served: Served) -> None:
    async def gone(client: AsyncTcpClient) -> None:
        await client.write_event(Synthesize("A sentence of a long text. " * 100).event())
        while (event := await client.read_event()) is not None and event.type != "audio-chunk":
            pass
        assert served.engine.in_flight == 1

    served.talk(gone)
    end = time.monotonic() + 20
    while served.engine.in_flight and time.monotonic() < end:
        time.sleep(0.02)
    assert served.engine.in_flight == 0

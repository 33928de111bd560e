"""The Wyoming protocol, by which Home Assistant speaks: JSON headers, data and payloads over TCP.

https://github.com/OHF-Voice/wyoming, of which `describe`, `ping`, `synthesize` and the streaming events
`synthesize-start`, `-chunk` and `-stop` are served. It knows no keys.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from hiervox.bins.serving.answers import Metrics, Place, status_of
from hiervox.bins.serving.engine import Engine
from hiervox.bins.serving.text_stream import MOST_CHARACTERS, Dialogue
from hiervox.models.base.pipelines.protocols import TextToSpeech
from hiervox.processors.text.markup import is_markup
from hiervox.utils.errors import ConfigError, HierVoxError
from hiervox.utils.json_files import parse_json

MOST_BYTES = 2**20
"""Of a header, of data and of a payload."""
WIDTH, CHANNELS = 2, 1
"""Bytes of a sample, and channels of the sound."""
OWNER = {"name": "HierVox", "url": ""}


@dataclass(frozen=True)
class Event:
    """A message of the protocol.

    Attributes:
        type: such as `synthesize`.
        data: a JSON tree.
        payload: sound, or nothing.
    """

    type: str
    data: dict[str, Any] = field(default_factory=dict)
    payload: bytes = b""

    def encoded(self) -> bytes:
        """As it is sent."""
        data = json.dumps(self.data).encode()
        header = {"type": self.type, "data_length": len(data), "payload_length": len(self.payload)}
        return json.dumps(header).encode() + b"\n" + data + self.payload


async def read_event(reader: asyncio.StreamReader) -> Event | None:
    """The next message; None at the end of the connection.

    Raises:
        ConfigError: it is not one of the protocol, or too large.
    """
    try:
        line = await reader.readline()
        if not line.strip():
            return None
        header = parse_json(line)
        sizes = [int(header.get(name) or 0) for name in ("data_length", "payload_length")]
        if not all(0 <= size <= MOST_BYTES for size in sizes):
            raise ConfigError(f"a message has more than {MOST_BYTES} bytes", "send less at once")
        data = header.get("data") or {}
        if sizes[0]:
            data = {**data, **parse_json(await reader.readexactly(sizes[0]))}
        return Event(str(header["type"]), data, await reader.readexactly(sizes[1]))
    except asyncio.IncompleteReadError:
        return None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError("a message is not one of the Wyoming protocol", "send JSON lines") from error


@contextlib.asynccontextmanager
async def wyoming_server(
    engine: Engine, metrics: Metrics, time_limit: float, listening: socket.socket | None
) -> AsyncIterator[None]:
    """Serve the protocol for a while; at its end, what was begun is finished.

    Args:
        engine, metrics: of the server.
        time_limit: seconds for a text.
        listening: where; None for nowhere.
    """
    if listening is None:
        yield
        return
    connections: dict[asyncio.Task[Any], _Connection] = {}

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        connections[task] = _Connection(engine, metrics, time_limit, reader, writer)
        try:
            await connections[task].hold()
        finally:
            del connections[task]

    server = await asyncio.start_server(connected, sock=listening, limit=MOST_BYTES)
    try:
        yield
    finally:
        server.close()
        for connection in connections.values():
            connection.end()
        await asyncio.gather(*connections, return_exceptions=True)


class _Channel:
    """What a `Dialogue` speaks to, in the words of the protocol."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        self._inbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._format: dict[str, int] = {}

    def put(self, **message: Any) -> None:
        """Have the dialogue receive a message."""
        self._inbox.put_nowait({"type": "websocket.receive", "text": json.dumps(message)})

    async def receive(self) -> dict[str, Any]:
        """As of a WebSocket."""
        return await self._inbox.get()

    async def send_text(self, data: str) -> None:
        """The beginning or the end of the sound."""
        told = parse_json(data)
        if told["event"] == "start":
            self._format = {"rate": told["sample_rate"], "width": WIDTH, "channels": CHANNELS}
            await self._send(Event("audio-start", self._format))
        else:
            await self._send(Event("audio-stop"))

    async def send_bytes(self, data: bytes) -> None:
        """16-bit samples."""
        await self._send(Event("audio-chunk", self._format, data))

    async def _send(self, event: Event) -> None:
        self._writer.write(event.encoded())
        await self._writer.drain()


class _Connection:
    def __init__(
        self,
        engine: Engine,
        metrics: Metrics,
        time_limit: float,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self._engine, self._metrics, self._time_limit = engine, metrics, time_limit
        self._reader, self._writer = reader, writer
        self._channel: _Channel | None = None
        self._markup: list[str] | None = None
        self._speaking: asyncio.Task[None] | None = None
        self._is_ending = False

    def end(self) -> None:
        """Take no more messages; what is spoken is finished."""
        self._is_ending = True
        if self._speaking is None:
            self._reader.feed_eof()

    async def hold(self) -> None:
        """Answer messages to the end of the connection."""
        try:
            while not self._is_ending and (event := await read_event(self._reader)) is not None:
                await self._answer(event)
        except HierVoxError as error:
            await self._send(Event("error", {"text": str(error), "code": "bad-request"}))
        except ConnectionError:  # the client is gone
            return
        finally:
            if self._speaking is not None:
                self._speaking.cancel()
            self._writer.close()

    async def _answer(self, event: Event) -> None:
        if event.type == "describe":
            await self._send(Event("info", {"tts": [await self._program()]}))
        elif event.type == "ping":
            await self._send(Event("pong", event.data))
        elif event.type == "synthesize" and self._speaking is None:
            self._start(event)
            self._put(event)
            await self._finish()
        elif event.type == "synthesize-start":
            if self._speaking is not None:
                raise ConfigError("a text has begun", "stop it first")
            self._start(event)
        elif event.type == "synthesize-chunk" and self._speaking is not None:
            self._put(event)
        elif event.type == "synthesize-stop" and self._speaking is not None:
            await self._finish()
            await self._send(Event("synthesize-stopped"))
        # others are not of this service; a `synthesize` within a stream repeats its text for older servers

    def _start(self, event: Event) -> None:
        voice = event.data.get("voice") or {}
        self._markup = None
        self._note_format(event)
        self._channel = _Channel(self._writer)
        self._channel.put(voice=str(voice.get("speaker") or voice.get("name") or ""))
        self._speaking = asyncio.ensure_future(self._speak(self._channel))

    def _note_format(self, event: Event) -> None:
        if event.data.get("text_format") == "ssml" and self._markup is None:
            self._markup = []

    def _put(self, event: Event) -> None:
        assert self._channel is not None
        text = str(event.data.get("text") or "")
        self._note_format(event)
        if self._markup is not None:  # it is one text, however it is cut
            self._markup.append(text)
            if sum(map(len, self._markup)) > MOST_CHARACTERS:
                raise ConfigError(
                    f"over {MOST_CHARACTERS} characters of SSML have no end", "send less at once"
                )
        elif text:
            self._channel.put(text=text)

    async def _finish(self) -> None:
        assert self._channel is not None and self._speaking is not None
        if markup := "".join(self._markup or []):
            self._channel.put(text=markup if is_markup(markup) else f"<speak>{markup}</speak>")
        self._channel.put(event="end")
        try:
            await self._speaking
        finally:
            self._speaking = None

    async def _speak(self, channel: _Channel) -> None:
        place: Place | None = None
        try:
            place = Place(self._engine, self._metrics)
            await asyncio.wait_for(Dialogue(self._engine, channel, place).hold(), self._time_limit)
            place.close(200)
        except HierVoxError as error:
            if place is not None:
                place.close(status_of(error))
            await self._send(Event("error", {"text": str(error), "code": "bad-request"}))
        except asyncio.TimeoutError:
            assert place is not None
            place.close(504)
            told = f"the text was not spoken within {self._time_limit:g} s"
            await self._send(Event("error", {"text": told, "code": "timeout"}))
        finally:
            if place is not None:
                place.close(499)

    async def _program(self) -> dict[str, Any]:
        """What there is to speak with: the voices of the first model that speaks."""
        model, task = self._engine.serving("", TextToSpeech)

        def found() -> tuple[list[str], str]:
            pipeline: TextToSpeech[Any] = self._engine.opened(model, task)
            return self._engine.voice_names(model, task), pipeline.language()

        names, language = await self._engine.run(found)
        about = {"attribution": OWNER, "installed": True, "version": None}
        first, *rest = language.split("-")
        languages = ["-".join([first, *(part.upper() for part in rest)])]
        voices = [{**about, "name": name, "description": name, "languages": languages} for name in names]
        streams = {"supports_synthesize_streaming": True}
        return {**about, "name": "hiervox", "description": model.name, "voices": voices, **streams}

    async def _send(self, event: Event) -> None:
        with contextlib.suppress(ConnectionError):
            self._writer.write(event.encoded())
            await self._writer.drain()

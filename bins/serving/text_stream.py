"""`WS /v1/audio/speech/stream`: text comes in pieces, sound goes out while it comes."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Protocol

from fastapi import WebSocket, WebSocketDisconnect

from hiervox.bins.serving.answers import TOKENS_A_SECOND, Metrics, Place, status_of
from hiervox.bins.serving.encode import Encoder, encoder
from hiervox.bins.serving.engine import Engine, Model, Sound
from hiervox.bins.serving.jobs import controls_for, made_by
from hiervox.bins.serving.schema import TextStreamRequest, parsed
from hiervox.models.base.pipelines.concatenation import concatenate
from hiervox.models.base.pipelines.controls import SpeechControls
from hiervox.models.base.pipelines.protocols import TextToSpeech
from hiervox.models.base.pipelines.token_sequence import TokenSequence, pauses_behind
from hiervox.processors.audio import Waveform
from hiervox.processors.text.markup import is_markup
from hiervox.processors.text.script import VOICE_LINE, Utterance, plain_utterances
from hiervox.processors.text.sentences import sentence_bounds, speakable
from hiervox.utils.errors import ConfigError, HierVoxError
from hiervox.utils.json_files import parse_json

MOST_CHARACTERS = 2**20
"""Of text that was sent and is not spoken yet."""
REFUSED, TOO_LONG, FAILED = 1008, 1009, 1011
"""Codes that a connection is closed with: the client's mistake, the end of its time, the server's mistake."""
VOICE_BEGINNING = "[voice:"


@dataclass(frozen=True)
class Part:
    """What of a text can be spoken by now.

    Attributes:
        text: as it is read: it names the voice that speaks, where an earlier part does.
        pause: seconds behind it; None for what its ending asks for.
    """

    text: str
    pause: float | None = None


class Sentences:
    """Text that comes in pieces, cut into what can be spoken by now.

    A sentence is known to be at its end when the next one has begun. A cut is made only where what is before
    it is read alone as it is read with what follows. SSML is one text, known at its end. A line that names a
    voice holds for the parts behind it, too.

    Args:
        language: espeak's code.
    """

    def __init__(self, language: str) -> None:
        self._language, self._rest = language, ""
        self._voice: str | None = None
        self._is_amid_a_line = False

    def push(self, text: str) -> list[Part]:
        """Take a piece; give what is at its end.

        Raises:
            ConfigError: too much text waits.
        """
        self._rest += text
        if len(self._rest) > MOST_CHARACTERS:
            raise ConfigError(f"over {MOST_CHARACTERS} characters have no end", "send sentences")
        if self._is_markup:
            return []
        bounds = sentence_bounds(self._rest, language=self._language)
        whole = self._read(self._rest) if len(bounds) > 1 else []
        for (_, end), (start, _) in zip(bounds[-2::-1], bounds[:0:-1], strict=True):
            head = self._read(self._rest[:end])
            is_known = 0 < len(head) < len(whole) and not _may_name_a_voice(self._rest[start:])
            if is_known and _said(head) == _said(whole[: len(head)]):
                part = Part(self._named(self._rest[:end]), whole[len(head) - 1].pause_after)
                self._drop(end)
                return [part]
        return []

    def finish(self) -> list[Part]:
        """The rest; what comes behind it begins a line."""
        parts = []
        if self._is_markup:
            parts, self._rest = [Part(self._rest)], ""
        elif self._read(self._rest):
            parts = [Part(self._named(self._rest))]
            self._drop(len(self._rest))
            self._is_amid_a_line = False
        return parts

    @property
    def _is_markup(self) -> bool:
        return not self._is_amid_a_line and is_markup(self._rest)

    def _drop(self, end: int) -> None:
        """Go on behind what was given."""
        named = VOICE_LINE.findall(self._named(self._rest[:end]))
        self._voice = (named[-1] or None) if named else None
        self._rest, self._is_amid_a_line = self._rest[end:], True

    def _named(self, text: str) -> str:
        """What follows on what was given, with the voice that speaks it."""
        if self._is_amid_a_line:
            return f"[voice: {self._voice or ''}]{text}"
        return text if self._voice is None else f"[voice: {self._voice}]\n{text}"

    def _read(self, text: str) -> list[Utterance]:
        said = plain_utterances(self._named(text), self._language)
        return said if said and speakable(said[0].text, self._language) else []


def _said(utterances: list[Utterance]) -> list[tuple[str, str | None]]:
    return [(utterance.text, utterance.voice) for utterance in utterances]


def _may_name_a_voice(text: str) -> bool:
    """Whether a text may begin with the name of a voice when more of it has come."""
    begun = text[: len(VOICE_BEGINNING)].lower()
    return VOICE_BEGINNING.startswith(begun) and not re.search(r"[]\n]", text)


class Channel(Protocol):
    """What a dialogue needs of a WebSocket."""

    async def receive(self) -> Any:
        """The next message."""

    async def send_text(self, data: str) -> None:
        """Send JSON."""

    async def send_bytes(self, data: bytes) -> None:
        """Send sound."""


class Dialogue:
    """One connection: a text in one voice.

    Args:
        engine: of the server.
        socket: accepted.
        place: in the queue.
    """

    def __init__(self, engine: Engine, socket: Channel, place: Place) -> None:
        self._engine, self._socket, self._place = engine, socket, place
        self._position, self._pause, self._sent, self._begun = 0, 0.0, 0.0, 0.0
        self._tokens = 0

    async def hold(self) -> None:
        """Speak what comes until its end.

        Raises:
            HierVoxError: a message can't be used, or the text can't be spoken.
            WebSocketDisconnect: the client is gone.
        """
        asked = parsed(TextStreamRequest, (await self._message()).encode())
        model, task = self._engine.serving(asked.model, TextToSpeech)
        controls: SpeechControls = controls_for(model, task, asked.controls())

        def opened() -> tuple[int, str]:
            pipeline: TextToSpeech[SpeechControls] = self._engine.opened(model, task)
            pipeline.require(rate=controls.rate)
            self._engine.voice(model, task, asked.voice_name)
            return pipeline.output_rate(controls), pipeline.language(controls.language)

        rate, language = await self._engine.run(opened)
        made = encoder(asked.response_format, rate)
        await self._send({"event": "start", "sample_rate": rate, "format": asked.response_format})
        waiting: asyncio.Queue[Part | None] = asyncio.Queue()
        speaking = asyncio.ensure_future(
            self._speak(waiting, lambda part: self._prepare(model, task, asked, controls, part), made)
        )
        try:
            await self._listen(Sentences(language), waiting, speaking)
            await speaking
        finally:
            speaking.cancel()
        if data := await asyncio.to_thread(made.finish):
            await self._socket.send_bytes(data)
        spoken = int(TOKENS_A_SECOND * self._sent)
        usage = {
            "input_tokens": self._tokens,
            "output_tokens": spoken,
            "total_tokens": self._tokens + spoken,
        }
        await self._send({"event": "done", "usage": usage})

    async def _send(self, fields: dict[str, Any]) -> None:
        await self._socket.send_text(json.dumps(fields))

    async def _message(self) -> str:
        """The next message.

        Raises:
            ConfigError: it is binary.
            WebSocketDisconnect: the client is gone.
        """
        message = await self._socket.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message.get("code", 1000))
        text = message.get("text")
        if not isinstance(text, str):
            raise ConfigError("a message is binary", "send JSON as text")
        return text

    async def _listen(
        self,
        sentences: Sentences,
        waiting: asyncio.Queue[Part | None],
        speaking: asyncio.Future[None],
    ) -> None:
        """Take messages to the end of the text, or until speaking fails."""
        while not speaking.done():
            message = asyncio.ensure_future(self._message())
            both: list[asyncio.Future[Any]] = [message, speaking]
            try:
                await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
                if not message.done():
                    return
                text, event = _read(message.result())
            finally:
                message.cancel()
            found = sentences.push(text)
            if event:
                found += sentences.finish()
            for each in found:
                waiting.put_nowait(each)
            if event == "end":
                waiting.put_nowait(None)
                await self._watch(speaking)
                return

    async def _watch(self, speaking: asyncio.Future[None]) -> None:
        """Wait for the end of what is spoken, or of the connection."""
        gone = asyncio.ensure_future(self._message())
        both: list[asyncio.Future[Any]] = [gone, speaking]
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            if gone.done():
                gone.result()
                raise ConfigError("a message came behind the end of the text", "open another connection")
        finally:
            gone.cancel()

    async def _speak(
        self,
        waiting: asyncio.Queue[Part | None],
        prepare: Callable[[Part], Callable[[], Sound]],
        made: Encoder,
    ) -> None:
        while (part := await waiting.get()) is not None:
            now = time.monotonic()
            self._begun = self._begun or now
            due = max(now, self._begun + self._sent)  # when it would be heard
            async for wav in self._chunks(prepare(part), due):
                if data := await asyncio.to_thread(made.push, wav):
                    await self._socket.send_bytes(data)

    async def _chunks(self, prepare: Callable[[], Sound], due: float) -> AsyncIterator[Waveform]:
        work = await self._place.prepared(prepare, due)
        self._tokens += work.sound.tokens
        async for wav in self._place.further():
            self._sent += wav.size / work.sound.rate
            yield wav

    def _prepare(
        self,
        model: Model,
        task: str,
        asked: TextStreamRequest,
        controls: SpeechControls,
        part: Part,
    ) -> Callable[[], Sound]:
        """A sentence, or several that are read as one, as the next of the text."""

        def prepared() -> Sound:
            pipeline: TextToSpeech[SpeechControls] = self._engine.opened(model, task)
            read = pipeline.read(part.text, controls.language)
            sequences = [
                replace(sequence, position=position) for position, sequence in enumerate(read, self._position)
            ]
            if part.pause is not None:
                sequences[-1] = replace(sequences[-1], pause=part.pause)
            voice = self._engine.voice(model, task, asked.voice_name)
            rate = pipeline.output_rate(controls)
            pauses = [self._pause, *_pauses(sequences, controls.sentence_pause)]
            self._position, self._pause = self._position + len(sequences), pauses.pop()
            sequences = [replace(sequence, pause=0.0) for sequence in sequences]
            shared = self._engine.shared(pipeline, sequences, voice, controls)
            alone = (
                pipeline.tts_stream([sequence], voice, controls, **made_by(shared)) for sequence in sequences
            )
            tokens = sum(len(sequence.tokens) for sequence in sequences)
            return Sound(_joined(alone, pauses, rate), rate, tokens, shared=shared)

        return prepared


def _pauses(sequences: list[TokenSequence], sentence_pause: float | None) -> list[float]:
    """Behind each, also behind the last, as others follow."""
    return pauses_behind([*sequences, sequences[-1]], sentence_pause)[:-1]


def _joined(alone: Iterator[Iterator[Waveform]], pauses: list[float], rate: int) -> Iterator[Waveform]:
    """Sentences with the pauses before them."""
    for pause, chunks in zip(pauses, alone, strict=True):
        yield from concatenate([[], chunks], [pause, 0.0], rate)


def _read(message: str) -> tuple[str, str]:
    """Text and event of a message.

    Raises:
        ConfigError: it has neither.
    """
    try:
        fields = parse_json(message)
    except ValueError as error:
        raise ConfigError("a message is not JSON", 'send {"text": …} or {"event": "end"}') from error
    text = fields.get("text", "") if isinstance(fields, dict) else None
    event = fields.get("event", "") if isinstance(fields, dict) else None
    if not isinstance(text, str) or event not in ("", "flush", "end") or not (text or event):
        raise ConfigError(
            "a message has neither text nor an event",
            'send {"text": …}, {"event": "flush"} or {"event": "end"}',
        )
    return text, event


async def converse(
    engine: Engine,
    metrics: Metrics,
    time_limit: float,
    socket: WebSocket,
    told: Callable[[str, str, int], dict[str, Any]],
) -> None:
    """Hold a connection from its acceptance to its end.

    Args:
        engine, metrics: of the server.
        time_limit: seconds for all of it.
        socket: not yet accepted.
        told: problem, hint and status → what clients read.
    """
    await socket.accept()
    place: Place | None = None

    async def end(problem: str, hint: str, status: int, code: int) -> None:
        if place is not None:
            place.close(status)
        try:
            await socket.send_text(json.dumps(told(problem, hint, status)))
            await socket.close(code)
        except (WebSocketDisconnect, RuntimeError):  # the client is gone
            return

    try:
        place = Place(engine, metrics)
        await asyncio.wait_for(Dialogue(engine, socket, place).hold(), time_limit)
        place.close(200)
        await socket.close()
    except HierVoxError as error:
        await end(error.problem, error.hint, status_of(error), REFUSED)
    except asyncio.TimeoutError:
        await end(
            f"the text was not spoken within {time_limit:g} s", "open another connection", 504, TOO_LONG
        )
    except WebSocketDisconnect:
        pass
    except BaseException:
        await end("the server failed", "see the server's log", 500, FAILED)
        raise
    finally:
        if place is not None:
            place.close(499)

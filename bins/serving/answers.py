"""Sounds as answers: places in the queue, metrics, files, streams and events."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from fastapi import HTTPException, Request
from fastapi.responses import Response, StreamingResponse
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.multiprocess import MultiProcessCollector

from hiervox.bins.serving.encode import MEDIA_TYPES, Encoder, encoder, whole_file
from hiervox.bins.serving.engine import BusyError, Engine, MissingError, Sound, Work
from hiervox.bins.serving.schema import SoundRequest
from hiervox.processors.audio import Waveform
from hiervox.utils.errors import HierVoxError

SHARES = (0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)
"""Buckets of the real-time factor."""
METRICS_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
"""prometheus-client's: where several processes keep what `/metrics` of any of them tells of all."""
TOKENS_A_SECOND = 100
"""Of sound, in the usage that events tell."""

Read = Callable[[], Awaitable[tuple[SoundRequest, Callable[[], Sound]]]]
"""Reads a request: how its sound is sent, and what makes it in the thread of the networks."""


class Metrics:
    """What `/metrics` tells, of one app."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        own: dict[str, Any] = {"registry": self.registry}
        self.requests = Counter("hiervox_requests", "Requests for sound by status.", ["status"], **own)
        self.audio = Counter("hiervox_audio_seconds", "Seconds of sound.", **own)
        self.wait = Histogram("hiervox_queue_wait_seconds", "Until the networks' thread began.", **own)
        self.first = Histogram("hiervox_first_byte_seconds", "Until the first sound was there.", **own)
        self.factor = Histogram("hiervox_real_time_factor", "Computing over sound.", buckets=SHARES, **own)
        self.in_flight = Gauge(
            "hiervox_in_flight", "Requests that are being answered.", multiprocess_mode="livesum", **own
        )
        if METRICS_VARIABLE in os.environ:  # of several processes
            self.registry = CollectorRegistry()
            MultiProcessCollector(self.registry)

    def done(self, work: Work) -> None:
        """Count a sound, made to its end or not."""
        self.audio.inc(work.seconds)
        self.wait.observe(work.waited)
        if work.seconds:
            self.factor.observe(work.spent / work.seconds)


class Place:
    """A request that was taken on: its place is given back once, however it ends.

    Raises:
        BusyError: there is none.
    """

    def __init__(self, engine: Engine, metrics: Metrics) -> None:
        self._engine, self._metrics = engine, metrics
        self._work: Work | None = None
        self._is_open = True
        try:
            engine.admit()
        except BusyError:
            metrics.requests.labels(429).inc()
            raise
        metrics.in_flight.inc()

    async def begin(self, prepare: Callable[[], Sound]) -> tuple[Work, Waveform]:
        """Get ready, and make the first chunk (T,)."""
        work = await self.prepared(prepare)
        first = await self._engine.chunk(work)
        assert first is not None
        self._metrics.first.observe(time.monotonic() - work.begun)
        return work, first

    async def prepared(self, prepare: Callable[[], Sound], due: float | None = None) -> Work:
        """Get ready; what was made before is at its end.

        Args:
            prepare: in the thread of the networks.
            due: when its sound would be heard, by the monotonic clock; None for now.
        """
        self._let_go()
        self._work = await self._engine.begin(prepare, due)
        return self._work

    async def chunks(self, first: Waveform) -> AsyncIterator[Waveform]:
        """All chunks (T_i,)."""
        yield first
        async for wav in self.further():
            yield wav

    async def further(self) -> AsyncIterator[Waveform]:
        """The chunks (T_i,) that were not taken yet."""
        assert self._work is not None
        while (wav := await self._engine.chunk(self._work)) is not None:
            yield wav

    def close(self, status: int) -> None:
        """The request is answered, or its client is gone (499)."""
        if self._is_open:
            self._is_open = False
            self._engine.release()
            self._metrics.in_flight.dec()
            self._metrics.requests.labels(status).inc()
            self._let_go()

    def _let_go(self) -> None:
        if self._work is not None:
            self._engine.close(self._work)
            self._metrics.done(self._work)
            self._work = None


class SoundResponse(StreamingResponse):
    """A stream whose work ends with it, whether or not it was ever begun to be sent.

    Args:
        body: what is sent.
        place: closed at the end.
        deadline: by the monotonic clock; the connection is closed then.
    """

    def __init__(self, body: AsyncIterator[bytes], place: Place, deadline: float, **options: Any) -> None:
        super().__init__(body, **options)
        self._place, self._deadline = place, deadline

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Send it."""
        try:
            await asyncio.wait_for(super().__call__(scope, receive, send), _left(self._deadline))
        except asyncio.TimeoutError:
            self._place.close(504)  # the server cuts off an answer that is not at its end
        finally:
            self._place.close(499)


async def answer(
    engine: Engine, metrics: Metrics, time_limit: float, request: Request, read: Read
) -> Response:
    """A request's sound.

    Args:
        engine: of the server.
        metrics: of the server.
        time_limit: seconds for all of it.
        request: whose client may go away.
        read: its body.

    Raises:
        HierVoxError: what is asked for can't be done.
        HTTPException: its body can't be used, or the time is over.
    """
    deadline = time.monotonic() + time_limit
    place = Place(engine, metrics)
    try:
        return await asyncio.wait_for(_answer(request, read, place, deadline), time_limit)
    except HierVoxError as error:
        place.close(status_of(error))
        raise
    except HTTPException as error:
        place.close(error.status_code)
        raise
    except asyncio.TimeoutError as error:
        place.close(504)
        raise HTTPException(504, f"the sound was not there within {time_limit:g} s") from error
    except BaseException:
        place.close(500)
        raise


def status_of(error: HierVoxError) -> int:
    """The status of a user's mistake."""
    return {MissingError: 404, BusyError: 429}.get(type(error), 400)


def _left(deadline: float) -> float:
    """Seconds until a time of the monotonic clock."""
    return max(0.0, deadline - time.monotonic())


async def _answer(request: Request, read: Read, place: Place, deadline: float) -> Response:
    asked, prepare = await read()
    work, first = await place.begin(prepare)
    rate, name = work.sound.rate, asked.response_format
    headers, media = {"X-Sample-Rate": str(rate)}, MEDIA_TYPES[name]
    if asked.is_whole:
        wavs = []
        async for wav in place.chunks(first):
            if await request.is_disconnected():
                place.close(499)
                return Response(status_code=499)
            wavs.append(wav)
        data = await asyncio.to_thread(whole_file, name, wavs, rate)
        place.close(200)
        return Response(data, media_type=media, headers=headers)
    if asked.stream_format == "sse":
        events = _events(encoder(name, rate), place, first, work)
        return SoundResponse(events, place, deadline, media_type="text/event-stream", headers=headers)
    encoded = _encoded(encoder(name, rate), place, first)
    return SoundResponse(encoded, place, deadline, media_type=media, headers=headers)


async def _encoded(made: Encoder, place: Place, first: Waveform) -> AsyncIterator[bytes]:
    async for wav in place.chunks(first):
        if data := await asyncio.to_thread(made.push, wav):
            yield data
    if data := await asyncio.to_thread(made.finish):
        yield data
    place.close(200)


async def _events(made: Encoder, place: Place, first: Waveform, work: Work) -> AsyncIterator[bytes]:
    """Server-sent events; the times of a sentence come before its sound."""
    async for wav in place.chunks(first):
        while work.sound.times:
            yield _event({"type": "speech.audio.timestamps", **work.sound.times.pop(0)})
        if data := await asyncio.to_thread(made.push, wav):
            yield _delta(data)
    if data := await asyncio.to_thread(made.finish):
        yield _delta(data)
    read, spoken = work.sound.tokens, int(TOKENS_A_SECOND * work.seconds)
    usage = {"input_tokens": read, "output_tokens": spoken, "total_tokens": read + spoken}
    yield _event({"type": "speech.audio.done", "usage": usage})
    place.close(200)


def _delta(data: bytes) -> bytes:
    return _event({"type": "speech.audio.delta", "audio": base64.b64encode(data).decode()})


def _event(fields: dict[str, Any]) -> bytes:
    return f"data: {json.dumps(fields)}\n\n".encode()

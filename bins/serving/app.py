"""The routes of the server."""

from __future__ import annotations

import asyncio
import base64
import hmac
import json
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from starlette.exceptions import HTTPException as AnyHTTPException

from hiervox.bins.serving.encode import MEDIA_TYPES, Encoder, encoder, whole_file
from hiervox.bins.serving.engine import BusyError, Engine, Model, UnknownModelError, Work
from hiervox.bins.serving.schema import SpeechRequest, parse_speech
from hiervox.processors.audio import Waveform
from hiervox.utils.errors import ConfigError, HierVoxError

RETRY_AFTER = 1
"""Seconds that a client is told to wait."""
MOST_BYTES = 2**20
"""Of a request's body."""
CLOSE = {"Connection": "close"}
"""Of an answer to a body that was not read."""
HINTS = {
    401: "send it as `Authorization: Bearer KEY`",
    404: "see docs/guides/serving.md for the routes",
    405: "use one of the methods in the header Allow",
    500: "see the server's log",
    504: "send less at once, or later",
}
"""What to do, by status."""
SHARES = (0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)
"""Buckets of the real-time factor."""


class Metrics:
    """What `/metrics` tells, of one app."""

    def __init__(self, engine: Engine) -> None:
        self.registry = CollectorRegistry()
        own: dict[str, Any] = {"registry": self.registry}
        self.requests = Counter("hiervox_requests", "Requests for speech by status.", ["status"], **own)
        self.audio = Counter("hiervox_audio_seconds", "Seconds of sound.", **own)
        self.wait = Histogram("hiervox_queue_wait_seconds", "Until the networks' thread began.", **own)
        self.first = Histogram("hiervox_first_byte_seconds", "Until the first sound was there.", **own)
        self.factor = Histogram("hiervox_real_time_factor", "Computing over sound.", buckets=SHARES, **own)
        in_flight = Gauge("hiervox_in_flight", "Requests that are being answered.", **own)
        in_flight.set_function(lambda: engine.in_flight)

    def done(self, work: Work) -> None:
        """Count a text, spoken to its end or not."""
        seconds = work.samples / work.rate
        self.audio.inc(seconds)
        self.wait.observe(work.waited)
        if seconds:
            self.factor.observe(work.spent / seconds)


class Speaking:
    """A request that was taken on: its place is given back once, however it ends."""

    def __init__(self, engine: Engine, metrics: Metrics) -> None:
        self._engine, self._metrics = engine, metrics
        self._work: Work | None = None
        self._is_open = True
        engine.admit()

    async def begin(self, asked: SpeechRequest) -> tuple[Work, Waveform]:
        """Read the text and speak its first chunk (T,)."""
        controls = asked.controls()
        self._work = await self._engine.begin(asked.model, asked.text, asked.voice_name, controls)
        first = await self._engine.chunk(self._work)
        assert first is not None
        self._metrics.first.observe(time.monotonic() - self._work.begun)
        return self._work, first

    async def chunks(self, first: Waveform) -> AsyncIterator[Waveform]:
        """All chunks (T_i,)."""
        assert self._work is not None
        wav: Waveform | None = first
        while wav is not None:
            yield wav
            wav = await self._engine.chunk(self._work)

    def close(self, status: int) -> None:
        """The request is answered, or its client is gone (499)."""
        if self._is_open:
            self._is_open = False
            self._engine.release()
            self._metrics.requests.labels(status).inc()
            if self._work is not None:
                self._engine.close(self._work)
                self._metrics.done(self._work)


class SpeechResponse(StreamingResponse):
    """A stream whose work ends with it, whether or not it was ever begun to be sent.

    Args:
        body: what is sent.
        speaking: closed at the end.
        deadline: by the monotonic clock; the connection is closed then.
    """

    def __init__(
        self, body: AsyncIterator[bytes], speaking: Speaking, deadline: float, **options: Any
    ) -> None:
        super().__init__(body, **options)
        self._speaking, self._deadline = speaking, deadline

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Send it."""
        try:
            await asyncio.wait_for(super().__call__(scope, receive, send), _left(self._deadline))
        except asyncio.TimeoutError:
            self._speaking.close(504)  # the server cuts off an answer that is not at its end
        finally:
            self._speaking.close(499)


def make_app(engine: Engine, keys: Sequence[str] = (), time_limit: float = 600.0) -> FastAPI:
    """The server as an ASGI application.

    Args:
        engine: opened when the application starts, stopped when it ends.
        keys: bearer tokens, one of which a request has to bring; none for no such check.
        time_limit: seconds for a request, from its headers to its last byte.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        await engine.warm()
        yield
        engine.stop()

    # pages about the API would be open to everyone, and take scripts from elsewhere
    app = FastAPI(title="HierVox", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    metrics = Metrics(engine)

    def authorised(request: Request) -> None:
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        matches = [hmac.compare_digest(given.encode(), key.encode()) for key in keys]
        if keys and not (scheme.lower() == "bearer" and any(matches)):
            raise HTTPException(401, "the key is missing or wrong", CLOSE)

    guarded = [Depends(authorised)]

    @app.exception_handler(HierVoxError)
    async def refused(request: Request, error: HierVoxError) -> JSONResponse:
        status = {UnknownModelError: 404, BusyError: 429}.get(type(error), 400)
        headers = {"Retry-After": str(RETRY_AFTER)} if status == 429 else {}
        return JSONResponse(_error(error.problem, error.hint, status), status, headers)

    @app.exception_handler(AnyHTTPException)
    async def failed(request: Request, error: AnyHTTPException) -> JSONResponse:
        status = error.status_code
        problem = f"no route {request.url.path}" if status == 404 else str(error.detail)
        return JSONResponse(_error(problem, HINTS.get(status, ""), status), status, error.headers)

    @app.exception_handler(Exception)
    async def broken(request: Request, error: Exception) -> JSONResponse:
        return JSONResponse(_error("the server failed", HINTS[500], 500), 500)

    @app.get("/health")
    async def health() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/ready")
    async def ready() -> JSONResponse:
        state = {"ready": engine.ready, "in_flight": engine.in_flight, "most": engine.most}
        return JSONResponse(state, 200 if engine.ready and engine.in_flight < engine.most else 503)

    @app.get("/metrics", dependencies=guarded)
    async def metered() -> Response:
        return Response(generate_latest(metrics.registry), media_type="text/plain; version=0.0.4")

    @app.get("/v1/models", dependencies=guarded)
    @app.get("/v1/audio/models", dependencies=guarded)
    async def models() -> dict[str, Any]:
        found = [_described(model) for model in engine.models.values()]
        return {"object": "list", "data": found, "models": found}

    @app.get("/v1/models/{name}", dependencies=guarded)
    async def model(name: str) -> dict[str, Any]:
        return _described(engine.model(name))

    @app.get("/v1/audio/voices", dependencies=guarded)
    async def voices(model: str | None = None) -> dict[str, Any]:
        names = await engine.voices(model or next(iter(engine.models)))
        return {"voices": [{"id": name, "name": name} for name in names]}

    @app.post("/v1/audio/speech", dependencies=guarded)
    async def speech(request: Request) -> Response:
        deadline = time.monotonic() + time_limit
        if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
            raise HTTPException(415, "the body has to be application/json", CLOSE)
        try:
            body = await asyncio.wait_for(_body(request), _left(deadline))
        except asyncio.TimeoutError as error:
            raise HTTPException(408, "the body did not come in time", CLOSE) from error
        asked = parse_speech(body)
        try:
            speaking = Speaking(engine, metrics)
        except BusyError:
            metrics.requests.labels(429).inc()
            raise
        try:
            return await asyncio.wait_for(_answer(request, asked, speaking, deadline), _left(deadline))
        except HierVoxError as error:
            speaking.close(404 if isinstance(error, UnknownModelError) else 400)
            raise
        except asyncio.TimeoutError as error:
            speaking.close(504)
            raise HTTPException(504, f"the text was not spoken within {time_limit:g} s") from error
        except BaseException:
            speaking.close(500)
            raise

    return app


def _left(deadline: float) -> float:
    """Seconds until a time of the monotonic clock."""
    return max(0.0, deadline - time.monotonic())


async def _answer(request: Request, asked: SpeechRequest, speaking: Speaking, deadline: float) -> Response:
    work, first = await speaking.begin(asked)
    headers = {"X-Sample-Rate": str(work.rate)}
    media = MEDIA_TYPES[asked.response_format]
    if asked.is_whole:
        wavs = []
        async for wav in speaking.chunks(first):
            if await request.is_disconnected():
                speaking.close(499)
                return Response(status_code=499)
            wavs.append(wav)
        data = await asyncio.to_thread(whole_file, asked.response_format, wavs, work.rate)
        speaking.close(200)
        return Response(data, media_type=media, headers=headers)
    encoded = _encoded(encoder(asked.response_format, work.rate), speaking, first)
    if asked.stream_format == "sse":
        return SpeechResponse(_events(encoded, work), speaking, deadline, media_type="text/event-stream")
    return SpeechResponse(encoded, speaking, deadline, media_type=media, headers=headers)


async def _encoded(made: Encoder, speaking: Speaking, first: Waveform) -> AsyncIterator[bytes]:
    async for wav in speaking.chunks(first):
        if data := await asyncio.to_thread(made.push, wav):
            yield data
    if data := await asyncio.to_thread(made.finish):
        yield data
    speaking.close(200)


async def _events(encoded: AsyncIterator[bytes], work: Work) -> AsyncIterator[bytes]:
    """Server-sent events; tokens of the output are hundredths of a second."""
    async for data in encoded:
        yield _event({"type": "speech.audio.delta", "audio": base64.b64encode(data).decode()})
    made = 100 * work.samples // work.rate
    usage = {"input_tokens": work.tokens, "output_tokens": made, "total_tokens": work.tokens + made}
    yield _event({"type": "speech.audio.done", "usage": usage})


def _event(fields: dict[str, Any]) -> bytes:
    return f"data: {json.dumps(fields)}\n\n".encode()


async def _body(request: Request) -> bytes:
    """A request's body; one that says that it is too large is refused before it is read."""
    large = HTTPException(413, f"the body has more than {MOST_BYTES} bytes", CLOSE)
    if int(request.headers.get("content-length", 0)) > MOST_BYTES:
        raise large
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MOST_BYTES:
            raise large
    return bytes(body)


def _described(model: Model) -> dict[str, Any]:
    return {
        "id": model.name,
        "name": model.name,
        "object": "model",
        "created": 0,
        "owned_by": model.card.name,
    }


def _error(problem: str, hint: str, status: int) -> dict[str, Any]:
    kinds = {401: "authentication_error", 429: "rate_limit_error"}
    message = f"{problem}: {hint}" if hint else problem
    kind = kinds.get(status, "server_error" if status >= 500 else "invalid_request_error")
    shown = {"message": message, "type": kind, "param": None, "code": None}
    return {"error": {**shown, "problem": problem, "hint": hint}}


def read_keys(text: str) -> list[str]:
    """Keys of a file, one a line.

    Raises:
        ConfigError: there is none.
    """
    keys = [line.strip() for line in text.splitlines() if line.strip()]
    if not keys:
        raise ConfigError("the key file holds no key", "write one key a line")
    return keys

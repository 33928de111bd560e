"""The routes of the server."""

from __future__ import annotations

import hmac
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar
from urllib.parse import urlsplit

from fastapi import Depends, FastAPI, HTTPException, Request, WebSocket
from fastapi.responses import JSONResponse, Response
from prometheus_client import generate_latest
from starlette.exceptions import HTTPException as AnyHTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import HTTPConnection

from hiervox.bins.serving import jobs
from hiervox.bins.serving.answers import Metrics, Place, answer, status_of
from hiervox.bins.serving.bodies import CLOSE, JSON, JSON_BYTES, Limits, read_body, read_form, require_type
from hiervox.bins.serving.engine import Engine, Model, Sound
from hiervox.bins.serving.schema import (
    ConversionRequest,
    EnhancementRequest,
    SoundRequest,
    SpeechRequest,
    UpsampleRequest,
    VoiceRequest,
    parsed,
)
from hiervox.bins.serving.text_stream import converse
from hiervox.bins.serving.wyoming import wyoming_server
from hiervox.models.base.pipelines.protocols import TextToSpeech, VoiceConversion
from hiervox.utils.errors import ConfigError, HierVoxError

RETRY_AFTER = 1
"""Seconds that a client is told to wait."""
HINTS = {
    401: "send it as `Authorization: Bearer KEY`",
    404: "see docs/guides/serving.md for the routes",
    405: "use one of the methods in the header Allow",
    413: "send less",
    500: "see the server's log",
    504: "send less at once, or later",
}
"""What to do, by status."""

Restoring = TypeVar("Restoring", EnhancementRequest, UpsampleRequest)


def make_app(
    engine: Engine,
    keys: Sequence[str] = (),
    time_limit: float = 600.0,
    limits: Limits | None = None,
    allow_voices: bool = False,
    wyoming: socket.socket | None = None,
    origins: Sequence[str] = (),
) -> FastAPI:
    """The server as an ASGI application.

    Args:
        engine: opened when the application starts, stopped when it ends.
        keys: bearer tokens, one of which a request has to bring; none for no such check.
        time_limit: seconds for a request, from its headers to its last byte.
        limits: of uploads.
        allow_voices: whether clients may save and remove voices.
        wyoming: where the Wyoming protocol is spoken; None for nowhere.
        origins: of other sites whose pages may ask from a browser, such as https://example.org.
    """
    bounds = limits or Limits()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        await engine.warm()
        async with wyoming_server(engine, app.state.metrics, time_limit, wyoming):
            yield
        engine.stop()

    # pages about the API would be open to everyone, and take scripts from elsewhere
    app = FastAPI(title="HierVox", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    metrics = app.state.metrics = Metrics()
    if origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(origins),
            allow_methods=["GET", "POST", "DELETE"],
            allow_headers=["Authorization", "Content-Type"],
            expose_headers=["X-Sample-Rate", "Retry-After"],
        )

    def authorised(request: HTTPConnection) -> None:
        if not has_key(request, keys):
            raise HTTPException(401, "the key is missing or wrong", CLOSE)
        origin = request.headers.get("origin")
        is_own = origin is None or urlsplit(origin).netloc == request.headers.get("host")
        if not keys and not is_own and origin not in origins:
            # a page of another site in a browser of this machine
            raise HTTPException(403, f"pages of {origin} may not ask without a key", CLOSE)

    guarded = [Depends(authorised)]

    @app.exception_handler(HierVoxError)
    async def refused(request: Request, error: HierVoxError) -> JSONResponse:
        status = status_of(error)
        headers = {"Retry-After": str(RETRY_AFTER), **CLOSE} if status == 429 else {}
        return JSONResponse(error_body(error.problem, error.hint, status), status, headers)

    @app.exception_handler(AnyHTTPException)
    async def failed(request: Request, error: AnyHTTPException) -> JSONResponse:
        status = error.status_code
        problem = f"no route {request.url.path}" if status == 404 else str(error.detail)
        return JSONResponse(error_body(problem, HINTS.get(status, ""), status), status, error.headers)

    @app.exception_handler(Exception)
    async def broken(request: Request, error: Exception) -> JSONResponse:
        return JSONResponse(error_body("the server failed", HINTS[500], 500), 500)

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
    async def voices(model: str = "") -> dict[str, Any]:
        protocols = [TextToSpeech, VoiceConversion]
        served = [protocol for protocol in protocols if engine.model(model).task(protocol)]
        asked, task = engine.serving(model, (served or protocols)[0])
        names = await engine.run(lambda: engine.voice_names(asked, task))
        return {"voices": [{"id": name, "name": name} for name in names]}

    @app.post("/v1/audio/voices", dependencies=guarded)
    async def add_voice(request: Request) -> dict[str, Any]:
        _require_voices(allow_voices)
        place = Place(engine, metrics)
        try:
            form = await read_form(request, bounds)
            asked = parsed(VoiceRequest, form.fields)
            prompts = await form.recordings("file", bounds)
            if not prompts:
                raise ConfigError("the form has no 'file'", "send one sound file or several")
            made = await engine.run(jobs.adding_voice(engine, asked, prompts))
            place.close(200)
            return made
        except HierVoxError as error:
            place.close(status_of(error))
            raise
        except HTTPException as error:
            place.close(error.status_code)
            raise
        finally:
            place.close(500)

    @app.delete("/v1/audio/voices/{name}", dependencies=guarded)
    async def remove_voice(name: str) -> dict[str, Any]:
        _require_voices(allow_voices)
        return await engine.run(lambda: jobs.forget_voice(name))

    @app.post("/v1/audio/speech", dependencies=guarded)
    async def speech(request: Request) -> Response:
        async def read() -> tuple[SoundRequest, Callable[[], Sound]]:
            require_type(request, JSON)
            asked = parsed(SpeechRequest, await read_body(request, JSON_BYTES))
            return asked, jobs.speech(engine, asked)

        return await answer(engine, metrics, time_limit, request, read)

    @app.post("/v1/audio/conversions", dependencies=guarded)
    async def conversions(request: Request) -> Response:
        async def read() -> tuple[SoundRequest, Callable[[], Sound]]:
            form = await read_form(request, bounds)
            asked = parsed(ConversionRequest, form.fields)
            source = await form.recording("file", bounds)
            prompts = await form.recordings("prompt", bounds)
            if prompts and asked.voice:
                raise ConfigError("there are a voice and prompts", "send one of them")
            return asked, jobs.conversion(engine, asked, source, list(prompts.values()))

        return await answer(engine, metrics, time_limit, request, read)

    def restoring(path: str, schema: type[Restoring], job: Callable[..., Callable[[], Sound]]) -> None:
        @app.post(path, dependencies=guarded)
        async def restored(request: Request) -> Response:
            async def read() -> tuple[SoundRequest, Callable[[], Sound]]:
                form = await read_form(request, bounds)
                asked = parsed(schema, form.fields)
                return asked, job(engine, asked, await form.recording("file", bounds))

            return await answer(engine, metrics, time_limit, request, read)

    @app.websocket("/v1/audio/speech/stream")
    async def text_stream(connection: WebSocket) -> None:
        try:
            authorised(connection)
        except HTTPException as error:
            await connection.close(1008, str(error.detail)[:100])  # answered with 403, as nothing is accepted
            return
        await converse(engine, metrics, time_limit, connection, error_body)

    restoring("/v1/audio/enhancements", EnhancementRequest, jobs.enhancement)
    restoring("/v1/audio/upsamples", UpsampleRequest, jobs.upsampling)
    return app


def _require_voices(allowed: bool) -> None:
    if not allowed:
        raise HTTPException(
            403, "voices of this server can't be changed: start it with --allow-voices", CLOSE
        )


def _described(model: Model) -> dict[str, Any]:
    card, _ = next(iter(model.systems.values()))
    return {
        "id": model.name,
        "name": model.name,
        "object": "model",
        "created": 0,
        "owned_by": card.name,
        "tasks": list(model.systems),
    }


def error_body(problem: str, hint: str, status: int) -> dict[str, Any]:
    """What a request that fails is answered, in OpenAI's shape."""
    kinds = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}
    message = f"{problem}: {hint}" if hint else problem
    kind = kinds.get(status, "server_error" if status >= 500 else "invalid_request_error")
    shown = {"message": message, "type": kind, "param": None, "code": None}
    return {"error": {**shown, "problem": problem, "hint": hint}}


def has_key(request: HTTPConnection, keys: Sequence[str]) -> bool:
    """Whether a request brings one of the keys, or there are none."""
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    matches = [hmac.compare_digest(given.encode(), key.encode()) for key in keys]
    return not keys or (scheme.lower() == "bearer" and any(matches))


def read_keys(text: str) -> list[str]:
    """Keys of a file, one a line.

    Raises:
        ConfigError: there is none.
    """
    keys = [line.strip() for line in text.splitlines() if line.strip()]
    if not keys:
        raise ConfigError("the key file holds no key", "write one key a line")
    return keys

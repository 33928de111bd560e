"""The server on Ray Serve: one application in front, and as many replicas of `make_app` as there is work for.

`hiervox serve --ray ADDRESS`, or `serve run hiervox.bins.serving.ray:app key_file=FILE model=NAME`.

A request is read to its end and given to a replica, whose answer is passed on as it comes. Where a replica
dies, another one gets the request; what was sent already of a stream is compared with the bytes that come
again, and left out. That holds for what may be asked twice: sounds are functions of the request.
"""

from __future__ import annotations

import asyncio
import signal
import threading
import zlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, replace
from logging import getLogger
from pathlib import Path
from typing import Any, Literal

import typer
from fastapi.responses import JSONResponse, Response, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field
from ray import serve
from ray.exceptions import RayActorError
from ray.serve.exceptions import BackPressureError, DeploymentUnavailableError
from starlette.requests import Request

from hiervox.bins.serving.app import RETRY_AFTER, error_body, has_key, make_app, read_keys
from hiervox.bins.serving.bodies import BODY_SECONDS, FORM, JSON_BYTES, Limits
from hiervox.bins.serving.processes import Settings
from hiervox.models.base.pipelines.bundle import shared_model
from hiervox.utils.errors import ConfigError, reason
from hiervox.utils.logging import get_logger
from hiervox.utils.ray_launcher import LOCAL, actor_environment, connected, device_on

NAME = "hiervox"
"""Of the application."""
QUIET = {"log_level": "WARNING", "enable_access_log": False}
"""What Ray Serve writes of its own."""
MOST_TRIES = 3
"""Replicas that a request is given to."""
ASKED_ONCE = {("POST", "/v1/audio/voices"), ("DELETE", "/v1/audio/voices")}
"""Routes that change something."""
BUSY_REQUESTS = 2
"""Requests of a replica at which a further replica is started, on the average."""

_log = get_logger("serve")


@dataclass(frozen=True)
class Asked:
    """A whole HTTP request."""

    method: str
    path: str
    query: bytes
    headers: Sequence[tuple[bytes, bytes]]
    client: tuple[str, int] | None
    body: bytes

    @property
    def may_be_repeated(self) -> bool:
        """Whether it changes nothing."""
        return not any(self.method == method and self.path.startswith(path) for method, path in ASKED_ONCE)


@dataclass(frozen=True)
class Head:
    """How an answer begins."""

    status: int
    headers: Sequence[tuple[bytes, bytes]]


class Replica:
    """The application with its models, in a process of its own."""

    def __init__(self, settings: Settings) -> None:
        self.engine = settings.engine()
        self.app = make_app(
            self.engine,
            settings.keys,
            settings.time_limit,
            settings.limits,
            settings.allow_voices,
            origins=settings.origins,
        )
        self._open = AsyncExitStack()

    async def check_health(self) -> None:
        """Open the model: Ray Serve asks for the first time before it sends requests."""
        if not self.engine.ready:
            await self._open.enter_async_context(self.app.router.lifespan_context(self.app))

    async def answer(self, asked: Asked) -> AsyncIterator[Head | bytes]:
        """The head of the answer, and its body as it comes."""
        messages: asyncio.Queue[Mapping[str, Any] | None] = asyncio.Queue(1)
        given, gone = [asked.body], asyncio.Event()

        async def receive() -> dict[str, Any]:
            if given:
                return {"type": "http.request", "body": given.pop(), "more_body": False}
            await gone.wait()
            return {"type": "http.disconnect"}

        async def run() -> None:
            try:
                await self.app(_scope(asked), receive, messages.put)
            except Exception:  # it is answered already
                _log.exception("a request failed")
            await messages.put(None)

        running = asyncio.create_task(run())
        try:
            while (message := await messages.get()) is not None:
                if message["type"] == "http.response.start":
                    yield Head(message["status"], list(message["headers"]))
                elif body := message.get("body"):
                    yield body
        finally:
            gone.set()
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running


def _scope(asked: Asked) -> dict[str, Any]:
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "scheme": "http",
        "method": asked.method,
        "path": asked.path,
        "raw_path": asked.path.encode(),
        "root_path": "",
        "query_string": asked.query,
        "headers": list(asked.headers),
        "client": asked.client,
        "server": None,
    }


class Front:
    """Reads requests and gives them to replicas."""

    def __init__(self, replicas: Any, keys: Sequence[str], limits: Limits) -> None:
        self._replicas = replicas.options(stream=True)
        self._keys, self._limits = keys, limits

    async def __call__(self, request: Request) -> Response:
        """Answer a request, by another replica where one dies."""
        try:
            body = await asyncio.wait_for(self._read(request), BODY_SECONDS)
        except asyncio.TimeoutError:
            return _failed("the body was not there in time", "send it at once", 408)
        asked = Asked(
            request.method,
            request.url.path,
            request.scope["query_string"],
            list(request.scope["headers"]),
            request.scope.get("client"),
            body,
        )
        answer = Answer(self._replicas.answer.remote, asked)
        try:
            head = await answer.begin()
        except BackPressureError:
            return _failed("the server is busy", "try again later", 429)
        except (RayActorError, DeploymentUnavailableError):
            return _failed("the process that answered ended", "try again later", 503)
        response = StreamingResponse(answer.rest(head), head.status)
        response.raw_headers = list(head.headers)
        return response

    async def _read(self, request: Request) -> bytes:
        """The body, as much as a replica needs to refuse one that is too large; none without a key."""
        body = bytearray()
        is_form = request.headers.get("content-type", "").startswith(FORM)
        if has_key(request, self._keys):
            async for part in request.stream():
                body += part
                if len(body) > (self._limits.size if is_form else JSON_BYTES):
                    break
        return bytes(body)


class Answer:
    """The answer to a request, whichever replicas it takes."""

    def __init__(self, ask: Callable[[Asked], Any], asked: Asked) -> None:
        self._ask, self._asked = ask, asked
        self._left = MOST_TRIES if asked.may_be_repeated else 1
        self._parts: Any = None
        self._sent, self._checksum = 0, 0

    async def begin(self) -> Head:
        """Ask a replica, and another one where it dies."""
        while True:
            self._left -= 1
            self._parts = self._ask(self._asked)
            try:
                head: Head = await anext(self._parts)
            except RayActorError:
                if not self._left:
                    raise
            except asyncio.CancelledError:  # the client is gone
                self._parts.cancel()
                raise
            else:
                return head

    async def rest(self, head: Head) -> AsyncIterator[bytes]:
        """The body behind a head; ends with an error, which cuts the connection, where it can't go on."""
        try:
            while True:
                try:
                    async for part in self._unsent():
                        self._sent += len(part)
                        self._checksum = zlib.crc32(part, self._checksum)
                        yield part
                    return
                except RayActorError:
                    if not self._left:
                        raise
                if (await self.begin()).status != head.status:
                    raise ConnectionError("another replica answers otherwise")
        finally:
            self._parts.cancel()

    async def _unsent(self) -> AsyncIterator[bytes]:
        """What comes behind the bytes that were sent already, which have to be the same."""
        checksum, left = 0, self._sent
        async for part in self._parts:
            again, new = part[:left], part[left:]
            checksum, left = zlib.crc32(again, checksum), left - len(again)
            if again and not left and checksum != self._checksum:
                raise ConnectionError("another replica makes other bytes")
            if new:
                yield new
        if left:
            raise ConnectionError("another replica makes fewer bytes")


def _failed(problem: str, hint: str, status: int) -> JSONResponse:
    return JSONResponse(error_body(problem, hint, status), status, {"Retry-After": str(RETRY_AFTER)})


def application(settings: Settings, most_replicas: int) -> Any:
    """The front and its replicas.

    Args:
        settings: of the server; its device says whether a replica gets a GPU or a core.
        most_replicas: which run at once; one runs always.
    """
    scaling = {
        "min_replicas": 1,
        "max_replicas": most_replicas,
        "target_ongoing_requests": BUSY_REQUESTS,
        "upscale_delay_s": 5,
        "downscale_delay_s": 120,
    }
    replicated = serve.deployment(
        name="Replica",
        autoscaling_config=scaling,
        max_ongoing_requests=settings.most,
        max_queued_requests=settings.most,
        ray_actor_options={"num_cpus": 1, "num_gpus": int(settings.device == "cuda"), **actor_environment()},
        health_check_period_s=2,
    )
    in_front = serve.deployment(
        name="Front", ray_actor_options={"num_cpus": 0}, max_ongoing_requests=4 * settings.most
    )
    return in_front(Front).bind(replicated(Replica).bind(settings), settings.keys, settings.limits)


class Arguments(BaseModel):
    """What `serve run` and a config of Ray Serve may set: options of `hiervox serve`."""

    model_config = ConfigDict(extra="forbid")

    key_file: str
    model: str
    device: Literal["cpu", "cuda"] = "cpu"
    workers: int = Field(1, ge=1)
    max_queue: int = Field(64, ge=1)


def app(arguments: Arguments) -> Any:
    """For `serve run hiervox.bins.serving.ray:app key_file=FILE model=NAME workers=4`.

    There is no way without keys: where Ray Serve listens is not known here.
    """
    keys = read_keys(Path(arguments.key_file).read_text(encoding="utf-8"))
    settings = Settings([arguments.model], arguments.device, arguments.max_queue, keys)
    return application(settings, arguments.workers)


def serve_on(address: str, settings: Settings, host: str, port: int, workers: int) -> None:
    """Serve on a cluster until SIGTERM or SIGINT.

    Args:
        address: see `connected`.
        settings: of the server.
        host, port: where the proxies of the cluster's machines listen.
        workers: the most replicas.

    Raises:
        HierVoxError: there is no such cluster or device, or a model can't be served.
    """
    asked = threading.Event()
    here = replace(settings, device="cpu", precision="float32").engine()  # tells which can't be served
    here.stop()
    models = settings.models or [str(model.folder) for model in here.models.values()]
    with connected(address) as ray:
        on_cluster = replace(
            settings,
            device=device_on(ray, address, settings.device),
            models=[shared_model(model) for model in models],
        )
        places = "HeadOnly" if address == LOCAL else "EveryNode"
        getLogger("ray.serve").setLevel("WARNING")
        serve.start(places, {"host": host, "port": port}, QUIET)
        try:
            serve.run(application(on_cluster, workers), name=NAME, logging_config=QUIET)
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, lambda *_: asked.set())
            typer.echo(f"http://{host}:{port}/v1")
            asked.wait()
        except RuntimeError as error:
            raise ConfigError(f"no replica could start ({reason(error)})", "see Ray's logs") from error
        finally:
            serve.delete(NAME)

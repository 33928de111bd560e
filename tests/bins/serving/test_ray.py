"""The application of Ray Serve without a cluster; `python -m tests.cluster.serving` kills its replicas."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError
from starlette.testclient import TestClient

from hiervox.bins.serving.bodies import JSON_BYTES, Limits
from hiervox.bins.serving.processes import Settings
from hiervox.utils.registry import resolve
from tests.command_line import mistake
from tests.conftest import REPOSITORY

pytest.importorskip("ray.serve", reason="needs the extra ray")

from ray.exceptions import ActorDiedError
from ray.serve.exceptions import BackPressureError
from ray.serve.schema import ServeDeploySchema
from starlette.requests import Request

from hiervox.bins.serving.ray import Answer, Arguments, Asked, Front, Head, Replica, app

SPEECH = "/v1/audio/speech"
TEXT = b'{"input": "One. Two.", "response_format": "pcm"}'
JSON = [(b"content-type", b"application/json")]
HEAD = Head(200, [])


def asked(path: str = SPEECH, body: bytes = TEXT, method: str = "POST") -> Asked:
    return Asked(method, path, b"", JSON, ("127.0.0.1", 1), body)


class Parts:
    """What a replica gives, and how it ends, in place of Ray's generator."""

    def __init__(self, parts: Sequence[Head | bytes], end: Exception | None) -> None:
        self._parts, self.end = iter(parts), end

    def __aiter__(self) -> Parts:
        return self

    async def __anext__(self) -> Head | bytes:
        for part in self._parts:
            return part
        raise self.end or StopAsyncIteration

    def cancel(self) -> None:
        self.end = None


def answered(*replicas: Parts, path: str = SPEECH) -> bytes:
    """The body that a client gets from replicas, one after the other."""
    given = iter(replicas)

    async def body() -> bytes:
        answer = Answer(lambda request: next(given), asked(path))
        assert await answer.begin() == HEAD
        return b"".join([part async for part in answer.rest(HEAD)])

    return asyncio.run(body())


def test_a_stream_goes_on_where_its_replica_died() -> None:
    first = Parts([HEAD, b"abc", b"def"], ActorDiedError())
    assert answered(first, Parts([HEAD, b"ab", b"cdefg", b"hi"], None)) == b"abcdefghi"
    assert answered(Parts([], ActorDiedError()), Parts([HEAD, b"abc"], None)) == b"abc"
    dead = [Parts([HEAD, b"abc"], ActorDiedError()), Parts([HEAD, b"ab"], ActorDiedError())]
    assert answered(*dead, Parts([HEAD, b"abcd"], None)) == b"abcd"


def test_a_stream_that_can_not_go_on_is_cut() -> None:
    first = Parts([HEAD, b"abc"], ActorDiedError())
    with pytest.raises(ConnectionError, match="other bytes"):
        answered(first, Parts([HEAD, b"abd", b"e"], None))
    with pytest.raises(ConnectionError, match="fewer bytes"):
        answered(Parts([HEAD, b"abc"], ActorDiedError()), Parts([HEAD, b"ab"], None))
    with pytest.raises(ConnectionError, match="answers otherwise"):
        answered(Parts([HEAD, b"abc"], ActorDiedError()), Parts([Head(500, []), b"abc"], None))
    with pytest.raises(ActorDiedError):
        answered(*[Parts([HEAD, b"a"], ActorDiedError()) for _ in range(3)])
    with pytest.raises(ActorDiedError):
        answered(Parts([], ActorDiedError()), Parts([HEAD], None), path="/v1/audio/voices")


@pytest.fixture(scope="module")
def replica() -> Replica:
    made = Replica(Settings(["box"], "cpu", keys=["right"]))
    return made


def given(replica: Replica, request: Asked) -> tuple[Head, bytes]:
    async def parts() -> list[Any]:
        return [part async for part in replica.answer(request)]

    head, *body = asyncio.run(parts())
    return head, b"".join(body)


def test_a_replica_gives_what_the_server_gives(replica: Replica) -> None:
    asyncio.run(replica.check_health())
    assert replica.engine.ready
    key = [(b"authorization", b"Bearer right")]
    head, body = given(replica, Asked("POST", SPEECH, b"", [*JSON, *key], None, TEXT))
    client = TestClient(replica.app, headers={"Authorization": "Bearer right"})
    whole = client.post(SPEECH, content=TEXT, headers={"Content-Type": "application/json"})
    assert head.status == whole.status_code == 200 and len(body) > 10_000
    assert body == whole.content and (b"x-sample-rate", b"16000") in head.headers
    assert given(replica, asked())[0].status == 401


class Replicas:
    """A handle of replicas."""

    def __init__(self, *parts: Any) -> None:
        self._parts = iter(parts)
        self.seen: list[Asked] = []

    @property
    def answer(self) -> Replicas:
        return self

    def options(self, stream: bool) -> Replicas:
        return self

    def remote(self, request: Asked) -> Parts:
        self.seen.append(request)
        return next(self._parts)


def posted(replicas: Replicas, body: bytes = TEXT, keys: Sequence[str] = ()) -> tuple[int, bytes]:
    """The status and the body that the front gives."""

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def run() -> tuple[int, bytes]:
        scope = {"type": "http", "method": "POST", "path": SPEECH, "query_string": b"a=1", "headers": JSON}
        response = await Front(replicas, keys, Limits())(Request({**scope, "server": ("host", 80)}, receive))
        parts: AsyncIterator[Any] | None = getattr(response, "body_iterator", None)
        content = response.body if parts is None else b"".join([part async for part in parts])
        return response.status_code, bytes(content)

    return asyncio.run(run())


def test_the_front_passes_on_what_it_gets() -> None:
    replicas = Replicas(Parts([Head(201, [(b"x-sample-rate", b"1")]), b"abc"], None))
    assert posted(replicas) == (201, b"abc")
    assert replicas.seen == [Asked("POST", SPEECH, b"a=1", JSON, None, TEXT)]


def test_the_front_keeps_no_body_that_is_too_large_or_has_no_key() -> None:
    replicas = Replicas(*[Parts([Head(413, [])], None) for _ in range(2)])
    posted(replicas, bytes(JSON_BYTES + 5))
    posted(replicas, keys=["right"])
    assert [len(request.body) for request in replicas.seen] == [JSON_BYTES + 5, 0]


def test_the_front_refuses_in_the_shape_of_the_server() -> None:
    status, body = posted(Replicas(Parts([], BackPressureError(1, 1))))
    assert status == 429 and b'"rate_limit_error"' in body
    status, body = posted(Replicas(*[Parts([], ActorDiedError()) for _ in range(3)]))
    assert status == 503 and b"try again later" in body


def test_options_that_do_not_go_with_ray() -> None:
    for options in (("--wyoming", "127.0.0.1:1"), ("--port", "0")):
        assert mistake("serve", "--ray", "local", *options).startswith("--ray serves HTTP on a port")


def manifest() -> dict[str, Any]:
    """The Kubernetes manifest of the page."""
    page = (REPOSITORY / "docs" / "guides" / "serving.md").read_text(encoding="utf-8")
    found: dict[str, Any] = yaml.safe_load(page.split("```yaml\n")[1].split("```")[0])
    return found


def test_the_manifest_is_one_of_a_ray_service(tmp_path: Path) -> None:
    whole = manifest()
    assert (whole["apiVersion"], whole["kind"]) == ("ray.io/v1", "RayService")
    cluster = whole["spec"]["rayClusterConfig"]
    served = ServeDeploySchema.model_validate(yaml.safe_load(whole["spec"]["serveConfigV2"]))
    (application,) = served.applications
    assert resolve(application.import_path) is app
    arguments = Arguments.model_validate(application.args)
    (workers,) = cluster["workerGroupSpecs"]
    assert workers["minReplicas"] == 1 and arguments.workers == workers["maxReplicas"]
    pods = [group["template"]["spec"] for group in (cluster["headGroupSpec"], workers)]
    for pod in pods:
        (container,) = pod["containers"]
        volumes = {volume["name"] for volume in pod["volumes"]}
        mounts = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
        assert set(mounts) == volumes
        assert {variable["name"]: variable["value"] for variable in container["env"]} == {
            "HIERVOX_HOME": mounts["hiervox"]
        }
        assert arguments.key_file.startswith(mounts["keys"])
    gpus = workers["template"]["spec"]["containers"][0]["resources"]["limits"]["nvidia.com/gpu"]
    assert (arguments.device, gpus) == ("cuda", 1)
    ports = [
        port["containerPort"]
        for port in cluster["headGroupSpec"]["template"]["spec"]["containers"][0]["ports"]
    ]
    assert served.http_options.port in ports and served.http_options.host == "0.0.0.0"
    with pytest.raises(ValidationError, match="key_file"):
        Arguments.model_validate({"model": "mine"})

"""An S3 server on this machine, whose answers can be spoilt."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

BUCKET = "bucket"
LOCAL_VARIABLES = {
    "AWS_ACCESS_KEY_ID": "key",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
    "NO_PROXY": "127.0.0.1",
    "no_proxy": "127.0.0.1",
}

Answer = Callable[..., Iterable[bytes]]


class Faults:
    """A WSGI application that answers as another does, but for planned faults.

    Args:
        application: the other one.
    """

    def __init__(self, application: Answer) -> None:
        self.application = application
        self.planned: list[tuple[str, str]] = []
        self.met: list[str] = []

    def plan(self, path: str, *kinds: str) -> None:
        """Spoil the next answers to GETs of a path (a pattern): `500`, `slow`, `cut`; or PUTs: `put`."""
        self.planned += [(path, kind) for kind in kinds]

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        for planned in self.planned:
            path, kind = planned
            method = "PUT" if kind == "put" else "GET"
            if environ["REQUEST_METHOD"] == method and re.search(path, environ["PATH_INFO"]):
                self.planned.remove(planned)
                self.met.append(kind)
                return self._spoilt(kind, environ, start_response)
        return self.application(environ, start_response)

    def _spoilt(self, kind: str, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if kind == "put":
            environ["wsgi.input"].read(16)  # and the connection ends, though more was sent
            environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
            return []
        if kind == "500":
            start_response("500 Internal Server Error", [("Content-Length", "0")])
            return [b""]
        if kind == "slow":
            time.sleep(0.6)
            return self.application(environ, start_response)
        body = b"".join(self.application(environ, start_response))
        return [body[: len(body) // 2]]  # and the connection ends, though more was promised


@contextmanager
def object_storage() -> Iterator[tuple[str, Faults]]:
    """Yields the address of a server that has a bucket, and what spoils its answers."""
    s3fs = pytest.importorskip("s3fs")
    pytest.importorskip("moto.server")
    import boto3
    from moto.server import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import WSGIRequestHandler, make_server

    class Quiet(WSGIRequestHandler):
        def log(self, *arguments: object) -> None:
            return

    faults = Faults(DomainDispatcherApplication(create_backend_app))
    server = make_server("127.0.0.1", 0, faults, threaded=True, request_handler=Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    address = f"http://127.0.0.1:{server.server_port}"
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {**LOCAL_VARIABLES, "AWS_ENDPOINT_URL": address}.items():
            patch.setenv(name, value)
        try:
            boto3.client("s3").create_bucket(Bucket=BUCKET)
            yield address, faults
        finally:
            s3fs.S3FileSystem.clear_instance_cache()  # which know this address
            server.shutdown()
            thread.join(timeout=10)

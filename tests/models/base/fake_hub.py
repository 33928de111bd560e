"""A Hugging Face Hub on this machine: one repository, one commit, files from memory."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

COMMIT = "c0ffee" * 6 + "c0de"


class FakeHub:
    """What the server does and has done.

    Attributes:
        files: path → content; those that end in `.json` are not in LFS.
        drop_after: bytes after which the next answers break off, once each.
        served: (path, first byte) of each GET.
        url: of the server.
    """

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files = files
        self.drop_after: list[int] = []
        self.served: list[tuple[str, int]] = []
        self.url = ""

    def checksum(self, path: str) -> str:
        """What the Hub says of a file's content: LFS's sha256, or git's hash."""
        content = self.files[path]
        if path.endswith(".json"):
            return hashlib.sha1(f"blob {len(content)}\0".encode() + content).hexdigest()
        return hashlib.sha256(content).hexdigest()


@contextmanager
def serve(hub: FakeHub) -> Iterator[FakeHub]:
    """Answer for the Hub while the block runs."""

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self._answer(body=False)

        def do_GET(self) -> None:
            self._answer(body=True)

        def _answer(self, body: bool) -> None:
            _, slash, rest = self.path.partition("/resolve/")
            path = rest.partition("/")[2]
            if not slash or path not in hub.files:
                self.send_response(404)
                self.send_header("X-Error-Code", "EntryNotFound")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            content = hub.files[path]
            asked = self.headers.get("Range", "")
            start = int(asked.removeprefix("bytes=").partition("-")[0] or 0)
            part = content[start:]
            self.send_response(206 if start else 200)
            self.send_header("X-Repo-Commit", COMMIT)
            self.send_header("ETag", f'"{hub.checksum(path)}"')
            self.send_header("Content-Length", str(len(part)))
            if start:
                self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
            self.end_headers()
            if body:
                hub.served.append((path, start))
                drop = hub.drop_after.pop(0) if hub.drop_after else len(part)
                self.wfile.write(part[:drop])
                if drop < len(part):
                    self.close_connection = True
                    self.connection.close()

        def log_message(self, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hub.url = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()

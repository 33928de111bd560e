"""A Hub on the loopback address: enough of its API to publish and to fetch, and faults on demand."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from unittest import mock
from urllib.parse import unquote

TOKEN = "hf_writes"
LFS_BYTES = 1 << 12
"""Larger files go the way of LFS."""


@dataclass
class Commit:
    files: dict[str, bytes]
    name: str = ""

    def __post_init__(self) -> None:
        parts = [f"{path}:{hashlib.sha1(data).hexdigest()}" for path, data in sorted(self.files.items())]
        self.name = hashlib.sha1("\n".join(parts).encode()).hexdigest()


@dataclass
class Hub:
    """What is on it.

    Attributes:
        repositories: OWNER/NAME → branch or commit → commit.
        gated: repositories that only those who accepted their terms may read.
        damaged: files that arrive with another byte than was announced.
        cut: files whose connection is closed halfway, so many times.
        asked: paths of all requests.
    """

    repositories: dict[str, dict[str, Commit]] = field(default_factory=dict)
    gated: set[str] = field(default_factory=set)
    damaged: set[str] = field(default_factory=set)
    cut: dict[str, int] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    large: dict[str, bytes] = field(default_factory=dict)
    url: str = ""

    def commit(self, repo: str, branch: str, files: dict[str, bytes]) -> Commit:
        made = Commit(files)
        self.repositories.setdefault(repo, {}).update({branch: made, made.name: made})
        return made


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: Hub

    def log_message(self, *_: Any) -> None:
        pass

    def do_HEAD(self) -> None:
        self._read()

    def do_GET(self) -> None:
        self._read()

    def do_PUT(self) -> None:
        body = self._body()
        self.hub.large[hashlib.sha256(body).hexdigest()] = body
        self._answer({})

    def do_POST(self) -> None:
        path, body = unquote(self.path.partition("?")[0]), self._body()
        self.hub.asked.append(path)
        if path == "/api/validate-yaml":
            self._answer({"errors": [], "warnings": []})
        elif self.headers.get("authorization") != f"Bearer {TOKEN}":
            self._answer({"error": "no permission"}, 403)
        elif path == "/api/repos/create":
            given = json.loads(body)
            repo = f"{given['organization']}/{given['name']}" if given.get("organization") else given["name"]
            if repo in self.hub.repositories:
                self._answer({"error": "it is there", "url": f"{self.hub.url}/{repo}"}, 409)
            else:
                self.hub.commit(repo, "main", {})
                self._answer({"url": f"{self.hub.url}/{repo}", "name": repo, "id": repo})
        elif match := re.fullmatch(r"/api/models/(.+)/branch/(.+)", path):
            self.hub.repositories[match[1]][match[2]] = self.hub.repositories[match[1]]["main"]
            self._answer({})
        elif re.fullmatch(r"/api/models/.+/preupload/.+", path):
            files = json.loads(body)["files"]
            modes = [
                {
                    "path": file["path"],
                    "uploadMode": "lfs" if file["size"] > LFS_BYTES else "regular",
                    "shouldIgnore": False,
                }
                for file in files
            ]
            self._answer({"files": modes})
        elif path.endswith(".git/info/lfs/objects/batch"):
            objects = [
                {
                    **wanted,
                    "actions": {"upload": {"href": f"{self.hub.url}/lfs/{wanted['oid']}", "header": {}}},
                }
                for wanted in json.loads(body)["objects"]
            ]
            self._answer({"transfer": "basic", "objects": objects})
        elif match := re.fullmatch(r"/api/models/(.+)/commit/(.+)", path):
            branches = self.hub.repositories[match[1]]
            files = dict(branches[match[2]].files)
            for line in map(json.loads, body.splitlines()):
                value = line["value"]
                if line["key"] == "file":
                    files[value["path"]] = base64.b64decode(value["content"])
                elif line["key"] == "lfsFile":
                    files[value["path"]] = self.hub.large[value["oid"]]
            made = self.hub.commit(match[1], match[2], files)
            url = f"{self.hub.url}/{match[1]}/commit/{made.name}"
            self._answer({"success": True, "commitOid": made.name, "commitUrl": url, "hookOutput": ""})
        else:
            self._answer({"error": "not found"}, 404)

    def _read(self) -> None:
        path = unquote(self.path.partition("?")[0])
        self.hub.asked.append(path)
        api = re.fullmatch(r"/api/models/([^/]+/[^/]+)(/revision/([^/]+))?", path)
        tree = re.fullmatch(r"/api/models/([^/]+/[^/]+)/tree/([^/]+)(/.*)?", path)
        file = re.fullmatch(r"/([^/]+/[^/]+)/resolve/([^/]+)/(.+)", path)
        match = api or tree or file
        if match is None:
            self._answer({"error": "a page"}, 404)
            return
        repo, revision = match[1], (match[3] if api else match[2]) or "main"
        branches = self.hub.repositories.get(repo)
        if branches is None:
            self._answer({"error": "Repository not found"}, 401, {"X-Error-Code": "RepoNotFound"})
            return
        if repo in self.hub.gated and file:
            self._answer({"error": "Access is restricted"}, 403, {"X-Error-Code": "GatedRepo"})
            return
        commit = branches.get(revision)
        if commit is None:
            self._answer({"error": "Revision not found"}, 404, {"X-Error-Code": "RevisionNotFound"})
        elif api:
            names = [{"rfilename": name} for name in commit.files]
            self._answer({"id": repo, "modelId": repo, "sha": commit.name, "siblings": names, "tags": []})
        elif tree:
            entries = [
                {"type": "file", "path": name, "size": len(data), "oid": hashlib.sha1(data).hexdigest()}
                for name, data in commit.files.items()
            ]
            self._answer(entries)
        elif match[3] not in commit.files:
            self._answer({"error": "Entry not found"}, 404, {"X-Error-Code": "EntryNotFound"})
        else:
            self._send(commit, match[3])

    def _send(self, commit: Commit, name: str) -> None:
        data = commit.files[name]
        checksum = (
            hashlib.sha256(data).hexdigest()
            if len(data) > LFS_BYTES
            else hashlib.sha1(f"blob {len(data)}\0".encode() + data).hexdigest()
        )
        if name in self.hub.damaged:
            data = bytes([data[0] ^ 1]) + data[1:]
        start = int(self.headers.get("range", "bytes=0-").removeprefix("bytes=").partition("-")[0])
        self.send_response(206 if start else 200)
        self.send_header("ETag", f'"{checksum}"')
        self.send_header("X-Repo-Commit", commit.name)
        self.send_header("Content-Length", str(len(data) - start))
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        self.end_headers()
        if self.command == "HEAD":
            return
        if self.hub.cut.get(name, 0):
            self.hub.cut[name] -= 1
            self.wfile.write(data[start : start + len(data) // 2])
            self.close_connection = True
            self.connection.close()
            return
        self.wfile.write(data[start:])

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("content-length", 0)))

    def _answer(self, content: Any, status: int = 200, headers: dict[str, str] | None = None) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


@contextmanager
def serving_hub(cache: Path) -> Iterator[Hub]:
    """A Hub that huggingface_hub asks in this process, with a cache of its own."""
    from huggingface_hub import constants

    hub = Hub()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Handler,), {"hub": hub}))
    server.daemon_threads = True
    hub.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    places = {
        "ENDPOINT": hub.url,
        "HF_HUB_CACHE": str(cache),
        "HF_HUB_OFFLINE": False,
        "HF_HUB_DISABLE_XET": True,
        "HUGGINGFACE_CO_URL_TEMPLATE": hub.url + "/{repo_id}/resolve/{revision}/{filename}",
    }
    try:
        with mock.patch.multiple(constants, **places):
            yield hub
    finally:
        server.shutdown()
        server.server_close()

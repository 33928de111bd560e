"""`python` and `hiervox` for recipes under test, from a process that has imported torch already.

Each call is a fork of that process: it takes what it computes, and not the seconds of an import. The first
positional argument of this file is the socket's path. What a cold start does is tested elsewhere.
"""

from __future__ import annotations

import atexit
import contextlib
import importlib
import json
import os
import pkgutil
import runpy
import select
import signal
import socket
import subprocess
import sys
import threading
import traceback
from pathlib import Path
from typing import Any

USED = (
    "accelerate",
    "joblib",
    "lhotse",
    "matplotlib.backends.backend_agg",
    "numba",
    "num2words",
    "phonemizer",
    "pydantic",
    "scipy.signal",
    "soundfile",
    "torch",
    "torch.utils.tensorboard",
    "transformers",
    "typer",
)
CLIENT = """#!{python} -IS
import json, os, signal, socket, sys

given = {given} + [part for part in sys.argv[1:2] if part != "-u"] + sys.argv[2:]
if given and given[0].startswith("-") and given[0] not in ("-", "-c", "-m"):
    os.execv({python!r}, [{python!r}, *given])
server = socket.socket(socket.AF_UNIX)
server.connect({path!r})
for number in (signal.SIGTERM, signal.SIGINT):
    signal.signal(number, lambda number, frame: server.sendall(bytes([number])))
request = json.dumps([given, os.getcwd(), dict(os.environ)]).encode()
socket.send_fds(server, [len(request).to_bytes(8, "big")], [0, 1, 2])
server.sendall(request)
status = server.recv(8)
code = os.waitstatus_to_exitcode(int.from_bytes(status, "big")) if status else 1
if code < 0:
    signal.signal(-code, signal.SIG_DFL) if -code != signal.SIGKILL else None
    os.kill(os.getpid(), -code)
sys.exit(code)
"""


class WarmPython:
    """The process, and the folder of programs that ask it.

    Args:
        folder: for them; its path is short, as those of sockets are.
    """

    def __init__(self, folder: Path) -> None:
        self.programs = folder
        path = folder / "socket"
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.warm_python", str(path)], env=environment, stdout=subprocess.PIPE
        )
        assert self._process.stdout is not None and self._process.stdout.readline()
        for name, given in (("python", []), ("hiervox", ["-m", "hiervox.bins.app"])):
            program = folder / name
            text = CLIENT.format(python=sys.executable, path=str(path), given=given)
            program.write_text(text, encoding="utf-8")
            program.chmod(0o755)

    def close(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait()


def main(path: str) -> None:
    """Listen, and fork for each call."""
    for name in USED:
        importlib.import_module(name)
    _import_ours()
    importlib.import_module("numba").njit(lambda x: x)(0.0)  # what its first call alone does
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(path)
    listening.listen(16)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    while True:
        call, _ = listening.accept()
        if os.fork() == 0:
            listening.close()
            os._exit(_supervise(call))
        call.close()
        while _reaped():
            pass


def _import_ours() -> None:
    """What a program may need of the toolkit; its entry points and what an extra brings stay out."""
    for folder in ("models", "modules", "processors", "utils"):
        package = importlib.import_module(f"hiervox.{folder}")
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            with contextlib.suppress(ImportError):
                importlib.import_module(module.name)


def _reaped() -> bool:
    try:
        return os.waitpid(-1, os.WNOHANG)[0] != 0
    except ChildProcessError:
        return False


def _supervise(call: socket.socket) -> int:
    """Run one call in a process of its own, pass signals on to it, and tell how it ended."""
    size, descriptors, _, _ = socket.recv_fds(call, 8, 3)
    request = b""
    while len(request) < int.from_bytes(size, "big"):
        request += call.recv(1 << 20)
    worker = os.fork()
    if worker == 0:
        call.close()
        for number, descriptor in enumerate(descriptors):
            os.dup2(descriptor, number)
            os.close(descriptor)
        _work(*json.loads(request))
    for descriptor in descriptors:
        os.close(descriptor)
    ended = os.pidfd_open(worker)
    while True:
        ready, _, _ = select.select([ended, call], [], [])
        if ended in ready:
            call.sendall(os.waitpid(worker, 0)[1].to_bytes(8, "big"))
            return 0
        signals = call.recv(8)
        for number in signals or [signal.SIGKILL]:  # without a caller there is no call
            os.kill(worker, number)


def _work(arguments: list[str], folder: str, environment: dict[str, str]) -> None:
    """What `python ARGUMENTS` does; does not return."""
    code: Any = 0
    try:
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(environment)
        sys.stdin = sys.__stdin__ = os.fdopen(0)
        sys.stdout = sys.__stdout__ = os.fdopen(1, "w", buffering=1)
        sys.stderr = sys.__stderr__ = os.fdopen(2, "w", buffering=1, errors="backslashreplace")
        _run(arguments)
    except SystemExit as end:
        code = end.code
        if code is not None and not isinstance(code, int):
            sys.stderr.write(f"{code}\n")
            code = 1
    except BaseException:
        traceback.print_exc()
        code = 1
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(code or 0)


def _run(arguments: list[str]) -> None:
    kind, *rest = arguments
    importlib.invalidate_caches()
    own = [entry for entry in os.environ.get("PYTHONPATH", "").split(os.pathsep) if entry]
    first = "" if kind.startswith("-") else str(Path(kind).resolve().parent)
    sys.path[:] = [first, *own, *(entry for entry in sys.path[1:] if entry not in own)]
    if kind == "-m":
        sys.argv = rest
        runpy.run_module(rest[0], run_name="__main__", alter_sys=True)
    elif kind in ("-", "-c"):
        text = sys.stdin.read() if kind == "-" else rest.pop(0)
        sys.argv = [kind, *rest]
        exec(compile(text, "<string>", "exec"), {"__name__": "__main__"})
    else:
        sys.argv = arguments
        runpy.run_path(kind, run_name="__main__")


if __name__ == "__main__":
    main(sys.argv[1])

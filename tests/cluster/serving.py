"""Replicas killed under load: `python -m tests.cluster.serving`.

Starts `hiervox serve --ray` on a cluster of this machine, asks for sounds from several clients, whole and as
streams, and kills a replica again and again. Each sound is compared with the one that it should be.
"""

from __future__ import annotations

import os
import random
import signal
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Annotated

import httpx
import psutil
import typer

from tests.cluster.local import ray_cluster
from tests.conftest import REPOSITORY

PORT = 8993
URL = f"http://127.0.0.1:{PORT}/v1/audio/speech"
TEXTS = [f"This is text number {number}. It has a second sentence." for number in range(4)]
FORMATS = ("wav", "pcm")
SECONDS = 300.0
"""That a client waits."""


def main(
    requests: Annotated[int, typer.Option(help="In all.")] = 120,
    clients: Annotated[int, typer.Option(help="At once.")] = 8,
    kills: Annotated[int, typer.Option(help="Of replicas.")] = 4,
) -> None:
    """Count the requests that are lost."""
    with ray_cluster(4) as cluster, served(cluster.address):
        wanted = {(text, kind): spoken(text, kind) for text in TEXTS for kind in FORMATS}
        done, most = threading.Event(), [0]
        killer = threading.Thread(target=kill, args=(kills, done, most))
        began, took = time.monotonic(), list[float]()
        killer.start()

        def ask(number: int) -> str:
            text, kind = random.Random(number).choice(list(wanted))
            begun = time.monotonic()
            try:
                sound = spoken(text, kind)
            except httpx.HTTPError as error:
                return f"lost: {type(error).__name__} {error}"
            took.append(time.monotonic() - begun)
            return "" if sound == wanted[text, kind] else "other bytes"

        with ThreadPoolExecutor(clients) as pool:
            faults = [fault for fault in pool.map(ask, range(requests)) if fault]
        seconds = time.monotonic() - began
        done.set()
        killer.join()
    typer.echo(f"{requests} requests of {clients} clients in {seconds:.0f} s, up to {most[0]} replicas")
    typer.echo(f"{most[1:]} s: replicas killed; {len(faults)} requests lost or wrong {faults[:3]}")
    typer.echo(f"seconds of a request: median {statistics.median(took):.1f}, longest {max(took):.1f}")
    raise typer.Exit(bool(faults))


@contextmanager
def served(address: str) -> Iterator[None]:
    """A server on a cluster."""
    box = str(REPOSITORY / "pretrained" / "box")
    command = ["-m", "hiervox.bins.app", "serve", "--ray", address, "--port", str(PORT), "--model", box]
    server = subprocess.Popen(
        [sys.executable, *command, "--workers", "3", "--device", "cpu"], stdout=subprocess.PIPE, text=True
    )
    try:
        assert server.stdout is not None and server.stdout.readline().startswith("http")
        yield
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(60)


def spoken(text: str, kind: str) -> bytes:
    """What a client gets; a connection that is cut is an error."""
    asked = {"input": text, "response_format": kind}
    answer = httpx.post(URL, json=asked, timeout=SECONDS)
    answer.raise_for_status()
    return answer.content


def replicas() -> list[int]:
    """Processes that speak."""
    return [
        process.pid
        for process in psutil.process_iter(["cmdline"])
        if "ServeReplica:hiervox:Replica" in " ".join(process.info["cmdline"] or ())
    ]


def kill(kills: int, done: threading.Event, told: list[int]) -> None:
    """Kill one of the replicas, whenever there is one; note the most there are, and when one was killed."""
    began = time.monotonic()
    while not done.wait(1.0):
        there = replicas()
        told[0] = max(told[0], len(there))
        if there and kills and time.monotonic() - began > 10 * len(told):
            os.kill(random.choice(there), signal.SIGKILL)
            told.append(round(time.monotonic() - began))
            kills -= 1


if __name__ == "__main__":
    typer.run(main)

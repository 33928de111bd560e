"""The server under load: `python -m tests.load --requests 1000 --clients 32`.

Starts `hiervox serve` as a process and speaks texts of one to three sentences through it, each of them
compared with its own synthesis by `hiervox tts --text-file`. Then measures the time to the first byte at 1, 4
and as many clients, hangs up on it in the middle of long texts, and ends it with SIGTERM while it speaks.
Prints a Markdown table, and fails where a request is lost, mixed up or left over.
"""

from __future__ import annotations

import io
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import httpx
import numpy as np
import soundfile
import typer

from hiervox.models.base.benchmark.streams import sentences
from hiervox.utils.errors import ConfigError, HierVoxError, shortened

MOST_DIFFERENCE = 1e-4
MOST_SENTENCES = 3
LONG_SENTENCES = 60
"""Of a text whose client hangs up."""
PERCENTILES = (50, 90, 99)
FEW = (1, 4)
"""Clients, beside as many as asked for, at which the first byte is timed."""
STOPPED = 4
"""Clients that are spoken to when the server is told to end."""
SECONDS = 600.0
"""That a client waits."""


@dataclass
class Report:
    """What was measured, and what was wrong.

    Attributes:
        rows: of a table, name and value.
        faults: one line each.
    """

    rows: list[tuple[str, str]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def note(self, name: str, value: str) -> None:
        """Keep a row, and show it."""
        self.rows.append((name, value))
        typer.echo(f"| {name} | {value} |")

    def require(self, right: bool, fault: str) -> None:
        """Keep a fault, and show it."""
        if not right:
            self.faults.append(fault)
            typer.echo(f"fault: {fault}", err=True)


class Server:
    """`hiervox serve` as a process.

    Args:
        model: as `--model`.
        options: further ones of the command.
    """

    def __init__(self, model: str, *options: str) -> None:
        command = [*_hiervox("serve"), "--model", model, "--device", "cpu", "--port", "0", *options]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.address = self.process.stdout.readline().strip().removesuffix("/v1")
        if not self.address:
            raise ConfigError("the server did not start", "see what it printed")
        self.http = httpx.Client(base_url=self.address, timeout=SECONDS, limits=httpx.Limits())
        while self.http.get("/ready").status_code != 200:
            time.sleep(0.1)

    def body(self, text: str, **own: object) -> dict[str, object]:
        """A request for a text."""
        return {"model": "", "input": text, "response_format": "wav", **own}

    def wav(self, text: str) -> np.ndarray:
        """A text as a whole (T,)."""
        answer = self.http.post("/v1/audio/speech", json=self.body(text))
        answer.raise_for_status()
        wav: np.ndarray = soundfile.read(io.BytesIO(answer.content), dtype="float32")[0]
        return wav

    @contextmanager
    def stream(self, text: str) -> Iterator[Iterator[bytes]]:
        """A text while it is spoken."""
        body = self.body(text, response_format="pcm")
        with self.http.stream("POST", "/v1/audio/speech", json=body) as answer:
            answer.raise_for_status()
            parts = answer.iter_raw()
            yield parts
            parts.close()

    def first_byte(self, text: str) -> float:
        """Seconds to the first sound of a text, which is taken to its end."""
        begun = time.monotonic()
        with self.stream(text) as parts:
            next(parts)
            seconds = time.monotonic() - begun
            for _ in parts:
                pass
        return seconds

    @property
    def in_flight(self) -> int:
        """Requests that are being answered."""
        return sum(map(int, re.findall(r"^hiervox_in_flight (\d+)", self.http.get("/metrics").text, re.M)))

    @property
    def memory(self) -> int:
        """Bytes that the process and its children hold."""
        return sum(_resident(process) for process in _family(self.process.pid))


def texts_of(count: int, seed: int = 0) -> list[str]:
    """Texts of one to three sentences, no two alike."""
    rng = random.Random(seed)
    texts: dict[str, None] = {}
    while len(texts) < count:
        texts[sentences(rng.randint(1, MOST_SENTENCES), seed=rng.randrange(10**9))] = None
    return list(texts)


def offline(model: str, texts: Sequence[str], folder: Path) -> tuple[list[Path], float]:
    """Each text's own sound, and the seconds of the command that made them."""
    lines, spoken = folder / "texts.txt", folder / "spoken"
    lines.write_text("\n".join(texts) + "\n", encoding="utf-8")
    command = [*_hiervox("tts"), "--model", model, "--device", "cpu", "--scaling", "none"]
    begun = time.monotonic()
    subprocess.run(
        [*command, "--text-file", str(lines), "--out-dir", str(spoken)],
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    return [spoken / f"{number:04d}.wav" for number in range(1, len(texts) + 1)], time.monotonic() - begun


def measure(model: str, requests: int, clients: int, hanging: int, options: Sequence[str] = ()) -> Report:
    """All of it; see the module."""
    report, texts = Report(), texts_of(requests)
    typer.echo("| measured | value |\n|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        files, alone = offline(model, texts, Path(folder))
        server = Server(model, *options)
        try:
            _compare(report, server, texts, files, alone, clients)
            for count in dict.fromkeys((*FEW, clients)):
                _time_first_bytes(report, server, texts, count)
            _hang_up(report, server, hanging, clients)
            _stop(report, server, texts, files)
        finally:
            server.process.kill()
            server.process.wait()
    return report


def _compare(
    report: Report, server: Server, texts: Sequence[str], files: Sequence[Path], alone: float, clients: int
) -> None:
    """Every text at once by so many clients."""
    memory: list[int] = []
    done = threading.Event()

    def watch() -> None:
        while not done.wait(1):
            memory.append(server.memory)

    watcher = threading.Thread(target=watch)
    watcher.start()
    begun = time.monotonic()
    try:
        with ThreadPoolExecutor(clients) as pool:
            made = list(pool.map(_caught(server.wav), texts))
    finally:
        done.set()
        watcher.join()
    spent, seconds, worst = time.monotonic() - begun, 0.0, 0.0
    for text, file, wav in zip(texts, files, made, strict=True):
        if isinstance(wav, Exception):
            report.require(False, f"lost: {shortened(text)} ({wav})")
            continue
        own, rate = soundfile.read(file, dtype="float32")
        difference = float(np.abs(own - wav).max()) if own.shape == wav.shape else float("inf")
        report.require(
            difference < MOST_DIFFERENCE, f"mixed up: {shortened(text)} differs by {difference:.3g}"
        )
        worst, seconds = max(worst, difference), seconds + own.size / rate
    report.note("requests, clients", f"{len(texts)}, {clients}")
    report.note("largest difference from own synthesis", f"{worst:.2g}")
    report.note("speech", f"{seconds / 60:.1f} min")
    report.note("server", f"{spent:.0f} s, {seconds / spent:.2f} s of speech a second")
    report.note("`hiervox tts --text-file`", f"{alone:.0f} s, {seconds / alone:.2f} s of speech a second")
    report.note("throughput over that of `tts`", f"{alone / spent:.2f}")
    if len(memory) >= 4:
        quarter = len(memory) // 4
        first, last = max(memory[quarter : 2 * quarter]), max(memory[-quarter:])
        report.note("memory, second and last quarter", f"{first / 1e6:.0f} MB, {last / 1e6:.0f} MB")


def _time_first_bytes(report: Report, server: Server, texts: Sequence[str], clients: int) -> None:
    count = 2 * clients + 6
    asked = [texts[number % len(texts)] for number in range(count)]
    with ThreadPoolExecutor(clients) as pool:
        seconds = list(pool.map(server.first_byte, asked))
    values = ", ".join(f"{value:.2f}" for value in np.percentile(seconds, PERCENTILES))
    percents = ", ".join(map(str, PERCENTILES))
    report.note(f"first byte at {clients} clients, {count} requests ({percents} %)", f"{values} s")


def _hang_up(report: Report, server: Server, hanging: int, clients: int) -> None:
    """Clients that take one part of a long text and go."""

    def taken(number: int) -> None:
        with server.stream(sentences(LONG_SENTENCES, seed=number)) as parts:
            next(parts)

    with ThreadPoolExecutor(clients) as pool:
        lost = [error for error in pool.map(_caught(taken), range(hanging)) if error is not None]
    begun = time.monotonic()
    while server.in_flight and time.monotonic() - begun < 60:
        time.sleep(0.05)
    report.require(not lost, f"{len(lost)} clients got nothing before they hung up ({lost[:1]})")
    report.require(server.in_flight == 0, f"{server.in_flight} requests are left over")
    report.note(f"until the work of {hanging} clients was gone", f"{time.monotonic() - begun:.1f} s")


def _stop(report: Report, server: Server, texts: Sequence[str], files: Sequence[Path]) -> None:
    """SIGTERM while the first texts are spoken."""
    begun = threading.Barrier(min(STOPPED, len(texts)) + 1)

    def heard(text: str) -> bytes:
        with server.stream(text) as parts:
            first = next(parts)
            begun.wait(60)
            return first + b"".join(parts)

    spoken = texts[: begun.parties - 1]
    with ThreadPoolExecutor(len(spoken)) as pool:
        futures = [pool.submit(_caught(heard), text) for text in spoken]
        begun.wait(60)
        server.process.send_signal(signal.SIGTERM)
        asked = time.monotonic()
        made = [future.result() for future in futures]
    for file, data in zip(files, made, strict=False):
        own = soundfile.read(file, dtype="float32")[0]
        wav = None if isinstance(data, Exception) else np.frombuffer(data, "<i2") / 32768
        right = wav is not None and wav.shape == own.shape and np.abs(wav - own).max() < MOST_DIFFERENCE
        report.require(bool(right), f"SIGTERM cut {file.name} off ({data if wav is None else 'other sound'})")
    code = server.process.wait(60)
    report.require(code == 128 + signal.SIGTERM, f"the server ended with {code}")
    report.note("from SIGTERM to the end", f"{time.monotonic() - asked:.1f} s")


def _caught(job: Callable[[object], object]) -> Callable[[object], object]:
    """The same with what it raises as its result."""

    def run(given: object) -> object:
        try:
            return job(given)
        except (httpx.HTTPError, StopIteration, threading.BrokenBarrierError) as error:
            return error

    return run


def _hiervox(verb: str) -> list[str]:
    return [sys.executable, "-m", "hiervox", verb]


def _family(process: int) -> list[int]:
    """A process and those that it started."""
    children = Path(f"/proc/{process}/task/{process}/children")
    own = children.read_text().split() if children.is_file() else []
    return [process, *(each for child in own for each in _family(int(child)))]


def _resident(process: int) -> int:
    try:
        return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except FileNotFoundError:  # it is gone
        return 0


def main(
    requests: Annotated[int, typer.Option(min=1, help="Texts.")] = 1000,
    clients: Annotated[int, typer.Option(min=1, help="At once.")] = 32,
    hanging: Annotated[int, typer.Option(min=1, help="Clients that hang up.")] = 200,
    model: Annotated[str, typer.Option(help="As of `hiervox serve`.")] = "box",
    option: Annotated[
        list[str] | None, typer.Option(help="Of `hiervox serve`, such as --option=--a=1.")
    ] = None,
) -> None:
    """Print what was measured; exit 1 where a request was lost, mixed up or left over."""
    try:
        report = measure(model, requests, clients, hanging, option or ())
    except HierVoxError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error
    raise typer.Exit(1 if report.faults else 0)


if __name__ == "__main__":
    typer.run(main)

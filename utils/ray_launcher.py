"""Blocks of work on a Ray cluster: one actor for each GPU or core, which takes numbers of blocks.

An actor that dies, alone or with its node, gives its block to the next one that is free. Ray's own retries
are not used: an actor that waits for a node's return waits for ever.
"""

from __future__ import annotations

import os
import socket
import time
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from hiervox.utils.blocks import BlockWork, Redone
from hiervox.utils.errors import ConfigError, DataError, DependencyError
from hiervox.utils.logging import get_logger

LOCAL = "local"
"""The address of a cluster of this machine alone, which is started and stopped with the run."""
MOST_DEATHS = 3
"""Processes that a block may take with it; and those that may die one after another while they load."""
ANSWER_SECONDS = 10.0
"""How long an address may take to answer."""
PLACE_SECONDS = 120.0
"""How long a run waits for the first free GPU or core."""
OBJECT_STORE_BYTES = 80 * 2**20
"""Of a local cluster, next to the least that Ray takes: numbers alone go through it."""
ENVIRONMENT = ("HIERVOX_HOME", "HF_HOME", "HF_HUB_OFFLINE")
"""Variables that actors take over from the process that drives them."""

_log = get_logger("ray")


class RayLauncher:
    """Shares blocks among the actors of a Ray cluster.

    Args:
        address: `local`, or that of a cluster, as `ray.init` takes it (`auto`, `HOST:PORT`).
        device: `auto` takes the cluster's GPUs where it has some, else its cores; or `cpu`, or `cuda`.

    Raises:
        DependencyError: Ray is not there.
    """

    def __init__(self, address: str, device: str = "auto") -> None:
        self.address = address
        self.device = device
        self.redone: list[Redone] = []
        self._ray = ray_package()

    def run(self, work: BlockWork, blocks: Sequence[int]) -> Iterator[int]:
        """See `Launcher`.

        Raises:
            ConfigError: no cluster answers at the address, or it has no such device.
        """
        with connected(self.address) as ray:
            run = _Run(ray, device_on(ray, self.address, self.device), work, blocks, self.redone)
            try:
                yield from run.blocks()
            finally:
                run.stop()


def device_on(ray: Any, address: str, device: str) -> str:
    """What processes of a cluster compute on: `cpu` or `cuda`.

    Args:
        ray: connected to it.
        address: for messages.
        device: `auto`, `cpu` or `cuda`.

    Raises:
        ConfigError: it has no such device.
    """
    if device not in ("auto", "cpu", "cuda"):
        raise ConfigError(f"Ray gives out no device {device!r}", "use auto, cpu or cuda")
    has_gpus = ray.cluster_resources().get("GPU", 0) >= 1
    if device == "cuda" and not has_gpus:
        raise ConfigError(f"the Ray cluster {address} has no GPU", "use --device cpu")
    return "cuda" if has_gpus and device != "cpu" else "cpu"


def ray_package() -> Any:
    """The package.

    Raises:
        DependencyError: it is not there.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault(
        "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0"
    )  # what it will do, and warns of not doing
    try:
        return import_module("ray")
    except ModuleNotFoundError as error:
        raise DependencyError("package ray is not there", "pip install 'hiervox[ray]'") from error


def actor_environment() -> dict[str, Any]:
    """Options of an actor that give it the variables of this process that say where models and voices are."""
    variables = {name: os.environ[name] for name in ENVIRONMENT if name in os.environ}
    return {"runtime_env": {"env_vars": variables}} if variables else {}


@contextmanager
def connected(address: str) -> Iterator[Any]:
    """Ray, connected to a cluster until this ends; a connection that the process has already is used.

    Raises:
        ConfigError: no cluster answers.
    """
    ray = ray_package()
    if ray.is_initialized():
        yield ray
        return
    connect(ray, address)
    try:
        yield ray
    finally:
        ray.shutdown()


def connect(ray: Any, address: str) -> None:
    """Connect this process to a cluster.

    Raises:
        ConfigError: none answers.
    """
    own: dict[str, Any] = {"include_dashboard": False, "object_store_memory": OBJECT_STORE_BYTES}
    try:
        _require_answer(address)
        ray.init(address, log_to_driver=False, logging_level="ERROR", **(own if address == LOCAL else {}))
    except (OSError, RuntimeError, ValueError) as error:
        raise ConfigError(
            f"no Ray cluster at {address!r} ({str(error).partition('.')[0]})",
            f"start one with `ray start --head`, or use {LOCAL}",
        ) from error


def _require_answer(address: str) -> None:
    """Ray itself tries a place where nothing listens for minutes.

    Raises:
        OSError: nothing does.
        ValueError: it is neither an address nor one of Ray's words.
    """
    if address in (LOCAL, "auto"):
        return
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal():
        raise ValueError("it is not HOST:PORT")
    socket.create_connection((host, int(port)), ANSWER_SECONDS).close()


class _Actor:
    """A process that does blocks, one at a time."""

    def place(self) -> None:
        """Answers as soon as there is a place for the process."""

    def open(self, work: BlockWork, device: str, folder: str) -> None:
        """Load the networks, in the folder that relative paths are meant from."""
        try:
            os.chdir(folder)
        except OSError as error:
            raise ConfigError(
                f"{folder} is not on the node {socket.gethostname()}", "start in a folder of shared storage"
            ) from error
        self._block = work.open(device)

    def block(self, number: int) -> None:
        """Do a block."""
        self._block(number)


class _Run:
    """The actors of a run, and what each is at: a block, or a step before its first one."""

    PLACE, OPEN = "place", "open"

    def __init__(
        self, ray: Any, device: str, work: BlockWork, blocks: Sequence[int], redone: list[Redone]
    ) -> None:
        self._ray = ray
        self._device = device
        self._work = ray.put(work)
        self._waiting = deque(blocks)
        self._redone = redone
        self._at: dict[Any, tuple[Any, int | str]] = {}
        self._deaths: Counter[int | str] = Counter()
        self._failure: Exception | None = None
        resource = "CPU" if device == "cpu" else "GPU"
        self._places = max(1, int(ray.cluster_resources().get(resource, 0)))

    def blocks(self) -> Iterator[int]:
        """Do all blocks; the number of each that is done.

        Where one fails, those that are begun are finished, so that nothing is left half done.
        """
        for _ in range(min(self._places, len(self._waiting))):
            self._start()
        placed = time.monotonic()
        while self._waiting or any(isinstance(at, int) for _, at in self._at.values()):
            done, _ = self._ray.wait(list(self._at), timeout=1.0)
            if done or any(at != self.PLACE for _, at in self._at.values()):
                placed = time.monotonic()
            elif time.monotonic() - placed > PLACE_SECONDS:
                what = "core" if self._device == "cpu" else "GPU"
                raise DataError(
                    f"no {what} of the Ray cluster was free for {PLACE_SECONDS:.0f} s",
                    "run it again when others have ended; what is done is kept",
                )
            for ref in done:
                actor, at = self._at.pop(ref)
                try:
                    self._result(ref)
                except _Died as death:
                    self._ray.kill(actor)  # it may be cut off, and come back
                    self._replace(at, death.cause)
                except Exception as error:
                    self._fail(error)
                else:
                    self._deaths[self.OPEN] = 0
                    self._next(actor, at)
                    if isinstance(at, int):
                        yield at
        if self._failure is not None:
            raise self._failure

    def _fail(self, error: Exception) -> None:
        self._failure = self._failure or error
        self._waiting.clear()

    def _start(self) -> None:
        """Ask for a further actor; it gets a block when there is a place for it and it has its networks."""
        gpus = 0 if self._device == "cpu" else 1
        options = {"num_cpus": 1, "num_gpus": gpus, "max_restarts": 0, **actor_environment()}
        actor = self._ray.remote(_Actor).options(**options).remote()
        self._at[actor.place.remote()] = (actor, self.PLACE)

    def _next(self, actor: Any, at: int | str) -> None:
        if at == self.PLACE:
            opened = actor.open.remote(self._work, self._device, os.getcwd())
            self._at[opened] = (actor, self.OPEN)
        elif self._waiting:
            number = self._waiting.popleft()
            self._at[actor.block.remote(number)] = (actor, number)
        else:
            self._ray.kill(actor)

    def _replace(self, at: int | str, cause: str) -> None:
        """Give what a dead actor was at to others."""
        step = at if isinstance(at, int) else self.OPEN
        self._deaths[step] += 1
        if self._deaths[step] >= MOST_DEATHS:
            what = f"at block {at}" if isinstance(at, int) else "before its first block"
            problem = f"a process died {what}, {MOST_DEATHS} times ({cause})"
            self._fail(DataError(problem, "give it more memory and run it again; what is done is kept"))
        elif self._failure is None:
            if isinstance(at, int):
                _log.warning("block %d is done again: %s", at, cause)
                self._redone.append(Redone(at, cause))
                self._waiting.appendleft(at)
            self._start()

    def _result(self, ref: Any) -> None:
        """Wait for what is done.

        Raises:
            _Died: the actor, or its node.
            Exception: what the work raised.
        """
        errors = self._ray.exceptions
        try:
            self._ray.get(ref)
        except errors.RayTaskError as error:
            raise error.cause from None
        except errors.RayError as error:
            raise _Died(_cause(self._ray, error)) from error

    def stop(self) -> None:
        """End all actors."""
        for actor, _ in self._at.values():
            self._ray.kill(actor)
        self._at.clear()


class _Died(Exception):
    """An actor died."""

    def __init__(self, cause: str) -> None:
        self.cause = cause


def _cause(ray: Any, error: Exception) -> str:
    """Why an actor died, in a few words."""
    text = str(error)
    if isinstance(error, ray.exceptions.OutOfMemoryError) or "low on memory" in text:
        return "out of memory"
    if isinstance(error, ray.exceptions.ActorUnavailableError) or "node" in text.partition("\n")[0]:
        return "its node is gone"
    return "it was killed; mostly: out of memory"

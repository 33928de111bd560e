"""A Ray cluster of this machine, each node a process of its own; work for it; and what takes its place."""

from __future__ import annotations

import os
import pickle
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from hiervox.utils.blocks import BlockWork, Redone
from hiervox.utils.ray_launcher import OBJECT_STORE_BYTES, ray_package


@contextmanager
def ray_cluster(*cores: int) -> Iterator[Any]:
    """A `ray.cluster_utils.Cluster` with a node for each number of cores."""
    settings = {"RAY_AUTH_MODE": "disabled", "OMP_NUM_THREADS": "1"}
    with mock.patch.dict(os.environ, settings):
        ray_package()
        from ray.cluster_utils import Cluster

        cluster = Cluster()
        try:
            for number, count in enumerate(cores):
                own = {} if number else {"include_dashboard": False}
                cluster.add_node(num_cpus=count, object_store_memory=OBJECT_STORE_BYTES, **own)
            yield cluster
        finally:
            cluster.shutdown()


@dataclass(frozen=True)
class Notes:
    """Work whose blocks write a file each; what else they do depends on the number.

    Attributes:
        folder: of the files.
        deaths: number → how often the process is killed within the block.
        failing: a block that raises.
        seconds: that a block takes.
    """

    folder: Path
    deaths: tuple[tuple[int, int], ...] = ()
    failing: int | None = None
    seconds: float = 0.0

    def open(self, device: str) -> Callable[[int], None]:
        (self.folder / f"opened-{os.getpid()}").touch()
        return self._note

    def _note(self, number: int) -> None:
        begun = self.folder / f"begun-{number}"
        with begun.open("a") as stream:
            stream.write("x")
        if begun.stat().st_size <= dict(self.deaths).get(number, 0):
            os.kill(os.getpid(), signal.SIGKILL)
        if number == self.failing:
            raise OSError(f"no space left for {number}")
        time.sleep(self.seconds)
        (self.folder / f"done-{number}").write_text(str(number))

    def done(self) -> set[int]:
        return {int(path.name.partition("-")[2]) for path in self.folder.glob("done-*")}


@dataclass(frozen=True)
class HungryNotes(Notes):
    """Likewise; of one block, the first process takes 4 GB, a tenth of a second for each tenth of it."""

    hungry: int = 0

    def _note(self, number: int) -> None:
        if number == self.hungry and not (self.folder / f"begun-{number}").exists():
            (self.folder / f"begun-{number}").touch()
            taken = []
            for _ in range(40):
                taken.append(bytearray(b"x") * 100_000_000)
                time.sleep(0.1)
        super()._note(number)


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


class PickledLauncher:
    """Takes the place of `RayLauncher`: the work is sent as there, but stays in this process.

    It says of the first block that it was done again.
    """

    def __init__(self, address: str, device: str = "auto") -> None:
        self.redone: list[Redone] = []

    def run(self, work: BlockWork, blocks: Sequence[int]) -> Iterator[int]:
        do_block = pickle.loads(pickle.dumps(work)).open("cpu")
        self.redone.append(Redone(blocks[0], "its node is gone"))
        for number in reversed(blocks):
            do_block(number)
            yield number

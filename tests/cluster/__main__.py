"""What a Ray cluster of two nodes loses and does again: `python -m tests.cluster`.

Each verb runs once in this process and once on a cluster, one of whose nodes is killed amid its blocks; then
their files are compared. A last run has a process that takes more memory than its node has.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from unittest import mock

import psutil
import typer

from hiervox.models.base.data import extraction
from hiervox.models.base.data.extraction import extract
from hiervox.models.base.data.setup import FeatureSetup
from hiervox.processors.pitch import PitchConfig
from hiervox.utils.blocks import BlockWork, Redone, told_again
from hiervox.utils.ray_launcher import RayLauncher, connected
from tests.cluster.local import HungryNotes, contents, ray_cluster
from tests.command_line import run
from tests.conftest import REPOSITORY
from tests.models.base.data.corpora import features, make_manifest

LINES = [f"This is sentence number {number} of a long list." for number in range(1, 9)]


class Killing(RayLauncher):
    """Kills a node when the second block is done."""

    cluster: Any = None
    seen: Sequence[Redone] = ()

    def run(self, work: BlockWork, blocks: Sequence[int]) -> Iterator[int]:
        node = self.cluster.add_node(num_cpus=1)
        for count, number in enumerate(super().run(work, blocks)):
            if count == 1:
                self.cluster.remove_node(node, allow_graceful=False)
            yield number
        type(self).seen = self.redone


def compared(
    name: str, one: Callable[[], object], other: Callable[[], object], same: Callable[[], bool]
) -> None:
    """Run a verb both ways, and print what there is to say."""
    began = time.perf_counter()
    one()
    middle = time.perf_counter()
    other()
    end = time.perf_counter()
    again = told_again(Killing.seen) or "nothing was done again"
    verdict = "the same bytes" if same() else "OTHER BYTES"
    typer.echo(
        f"{name}: {middle - began:.0f} s here, {end - middle:.0f} s on the cluster, {verdict}; {again}"
    )


def sounds(folder: Path) -> dict[str, bytes]:
    """Sounds alone: records say how long they took, and a killed process leaves what it had half written."""
    return {path.name: path.read_bytes() for path in folder.glob("*.wav")}


def main() -> None:
    """Run all verbs."""
    with tempfile.TemporaryDirectory() as name, ray_cluster(1) as cluster:
        folder = Path(name)
        Killing.cluster = cluster
        with mock.patch("hiervox.utils.ray_launcher.RayLauncher", Killing):
            _extract(folder, cluster.address)
            _speak(folder, cluster.address)
            _evaluate(folder, cluster.address)
    _hunger()


def _extract(folder: Path, address: str) -> None:
    manifest = make_manifest(folder / "corpus", [4.0] * 24)
    setup = FeatureSetup(features=features(0).model_copy(update={"pitch": PitchConfig()}))
    one, other = folder / "one", folder / "ray"
    with mock.patch.object(extraction, "BLOCK_CUTS", 2):
        compared(
            "extract, 12 blocks",
            lambda: extract(manifest, one, {"wav", "f0"}, setup),
            lambda: extract(manifest, other, {"wav", "f0"}, setup, Killing(address)),
            lambda: contents(one) == contents(other),
        )


def _speak(folder: Path, address: str) -> None:
    lines = folder / "lines.txt"
    lines.write_text("\n".join(LINES), encoding="utf-8")
    one, other = folder / "spoken", folder / "spoken-ray"
    speak = ["tts", "--text-file", str(lines), "--model", str(REPOSITORY / "pretrained" / "box"), "--out-dir"]
    compared(
        f"tts, {len(LINES)} texts",
        lambda: run(*speak, str(one), "--device", "cpu"),
        lambda: run(*speak, str(other), "--ray", address),
        lambda: sounds(one) == sounds(other) and len(sounds(one)) == len(LINES),
    )


def _evaluate(folder: Path, address: str) -> None:
    table = folder / "table.csv"
    audio = sorted((folder / "spoken").glob("*.wav"))
    rows = [f"{copy}-{path.stem},ours,{path},{path}" for copy in range(6) for path in audio]
    table.write_text("\n".join(["id,system,audio,reference", *rows]), encoding="utf-8")
    score = ["evaluate", "--table", str(table), "--metrics", "f0,mcd", "--players", "none", "--out"]
    one, other = folder / "scored", folder / "scored-ray"
    compared(
        f"evaluate, {len(rows)} rows",
        lambda: run(*score, str(one), "--device", "cpu"),
        lambda: run(*score, str(other), "--ray", address),
        lambda: all((other / path.name).read_bytes() == path.read_bytes() for path in one.glob("*.*")),
    )


def _hunger() -> None:
    """A process of a node that may use 1.5 GB more than is used now takes 4 GB."""
    memory = psutil.virtual_memory()
    threshold = (memory.total - memory.available + 1.5e9) / memory.total
    limits = {"RAY_memory_usage_threshold": f"{threshold:.3f}", "RAY_memory_monitor_refresh_ms": "100"}
    with (
        tempfile.TemporaryDirectory() as name,
        mock.patch.dict(os.environ, limits),
        ray_cluster(2) as cluster,
        connected(cluster.address),
    ):
        work, launcher = HungryNotes(Path(name), hungry=2), RayLauncher(cluster.address)
        done = sorted(launcher.run(work, range(5)))
    typer.echo(f"out of memory: blocks {done} are done; {told_again(launcher.redone)}")


if __name__ == "__main__":
    main()

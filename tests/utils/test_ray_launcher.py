"""One cluster for all: it takes seconds to start. What needs two nodes is `python -m tests.cluster`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from hiervox.models.base.data import extraction
from hiervox.models.base.data.extraction import Shard, extract
from hiervox.models.base.data.processes import LocalLauncher
from hiervox.models.base.data.setup import FeatureSetup
from hiervox.utils.blocks import Redone, told_again
from hiervox.utils.errors import ConfigError, DataError, DependencyError
from hiervox.utils.ray_launcher import RayLauncher, connect, connected, ray_package
from tests.cluster.local import Notes, contents, ray_cluster
from tests.models.base.data.corpora import RATE, features, make_manifest

pytest.importorskip("ray", reason="needs the extra ray")
KILLED = "it was killed; mostly: out of memory"


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with ray_cluster(2) as cluster, connected(cluster.address):
        yield cluster.address


def test_a_block_whose_process_is_killed_is_done_again(address: str, tmp_path: Path) -> None:
    launcher, work = RayLauncher(address), Notes(tmp_path, deaths=((3, 1),))
    assert sorted(launcher.run(work, range(5))) == [0, 1, 2, 3, 4]
    assert work.done() == {0, 1, 2, 3, 4}
    assert launcher.redone == [Redone(3, KILLED)]
    assert told_again(launcher.redone).endswith(f"as their processes died ({KILLED}): 3")
    assert 2 <= len(list(tmp_path.glob("opened-*"))) <= 3
    assert (tmp_path / "begun-3").read_text() == "xx" and (tmp_path / "begun-2").read_text() == "x"


def test_a_block_that_always_kills_ends_the_run(address: str, tmp_path: Path) -> None:
    work = Notes(tmp_path, deaths=((1, 9),))
    with pytest.raises(DataError, match="a process died at block 1, 3 times"):
        list(RayLauncher(address).run(work, range(3)))
    assert (tmp_path / "begun-1").read_text() == "xxx"


def test_a_failing_block_lets_others_finish(address: str, tmp_path: Path) -> None:
    work = Notes(tmp_path, failing=0, seconds=0.3)
    with pytest.raises(OSError, match="no space left for 0"):
        list(RayLauncher(address).run(work, range(9)))
    assert work.done() == {int(path.name[6:]) for path in tmp_path.glob("begun-*")} - {0}
    assert len(work.done()) < 8


def test_four_launchers_extract_the_same_bytes(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a bad clip among them. Ranks of torchrun are shards that the environment names."""
    monkeypatch.setattr(extraction, "BLOCK_CUTS", 2)
    manifest = make_manifest(tmp_path, [0.6 + 0.1 * number for number in range(6)])
    soundfile.write(tmp_path / "u01.wav", np.zeros(9600), RATE)
    fields, setup = {"wav", "f0"}, FeatureSetup(features=features(0))
    one = extract(manifest, tmp_path / "one", fields, setup)
    extract(manifest, tmp_path / "pool", fields, setup, LocalLauncher(jobs=2))
    for part in ("0/2", "1/2"):
        extract(manifest, tmp_path / "shards", fields, setup, shard=Shard.parse(part))
    for rank in (1, 0):
        with monkeypatch.context() as patch:
            patch.setenv("RANK", str(rank))
            patch.setenv("WORLD_SIZE", "2")
            extract(manifest, tmp_path / "ranks", fields, setup)
    made = extract(manifest, tmp_path / "ray", fields, setup, RayLauncher(address))
    assert replace(made, speed=None) == replace(one, speed=None)
    assert (made.cuts, [failure.id for failure in made.failures], made.redone) == (5, ["u01"], ())
    whole = contents(tmp_path / "one")
    assert len(whole) == 14
    for name in ("pool", "shards", "ranks", "ray"):
        assert contents(tmp_path / name) == whole, name


def test_what_a_cluster_lacks_is_one_line(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match="has no GPU: use --device cpu"):
        list(RayLauncher(address, "cuda").run(Notes(Path()), [0]))
    with pytest.raises(ConfigError, match="gives out no device 'cuda:1'"):
        list(RayLauncher(address, "cuda:1").run(Notes(Path()), [0]))
    with (
        pytest.raises(DependencyError, match=r"pip install 'hiervox\[ray\]'"),
        monkeypatch.context() as patch,
    ):
        patch.setitem(sys.modules, "ray", None)
        RayLauncher(address)


@pytest.mark.parametrize(
    ("place", "why"),
    [("nonsense", "it is not HOST:PORT"), ("127.0.0.1:1", "Connection refused")],
)
def test_a_cluster_that_is_not_there_is_one_line(place: str, why: str) -> None:
    with pytest.raises(ConfigError, match=f"{why}.*start one with `ray start --head`, or use local"):
        connect(ray_package(), place)

"""Runs and models on object storage: whole or not there, whatever ends the process that writes them."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest
import torch
from accelerate.state import AcceleratorState

from hiervox.models.base.checkpoints.checkpoint import find_checkpoint
from hiervox.models.base.pipelines.bundle import resolve_bundle
from hiervox.models.base.training import remote_run, reports
from hiervox.models.base.training.loop import train
from hiervox.models.base.training.remote_run import RemoteRun
from hiervox.utils import fetched, storage
from hiervox.utils.errors import CheckpointError, ConfigError, DataError, HierVoxError, TrainingError
from hiervox.utils.storage import Storage
from tests.models.base.data.object_storage import BUCKET, Faults, object_storage
from tests.models.base.toy import ToyTask, register, toy_experiment
from tests.models.base.training.pairs import in_two_processes
from tests.models.base.training.test_loop import state_files

KEYS = {"save_every": 2, "validate_every": 4, "keep_last": 1, "keep_best": 1, "trackers": ()}


@pytest.fixture(scope="module")
def faults() -> Iterator[Faults]:
    with object_storage() as (_, found):
        yield found


@pytest.fixture(autouse=True)
def place(faults: Faults, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A URL of this test's own; this machine has no copies yet."""
    register()
    AcceleratorState._reset_state(True)
    monkeypatch.setattr(reports, "draw_curves", lambda *_: None)  # it takes as long as all the rest
    monkeypatch.setattr(storage, "FIRST_WAIT", 0.001)
    monkeypatch.setattr(storage, "READ_SECONDS", 2)
    monkeypatch.setenv("HIERVOX_HOME", str(tmp_path / "home"))
    yield f"s3://{BUCKET}/{tmp_path.name}/run"
    faults.planned.clear()
    AcceleratorState._reset_state(True)


def toy(out_dir: str | Path, steps: int, **keys: Any) -> ToyTask:
    return ToyTask(toy_experiment(Path(out_dir), max_steps=steps, **{**KEYS, **keys}))


def killed_while_it_saves(place: str, steps: int, name: str) -> int | None:
    """Exit code of a training that is killed when it has copied a checkpoint's file of that name."""

    def run() -> None:
        write = Storage.write

        def write_and_die(self: Storage, stored: str, file: Path) -> None:
            write(self, stored, file)
            if stored.endswith(name):
                os.kill(os.getpid(), signal.SIGKILL)

        Storage.write = write_and_die  # type: ignore[method-assign]
        train(toy(place, steps), "cpu")

    process = get_context("fork").Process(target=run)
    process.start()
    process.join(timeout=60)
    return process.exitcode


def test_a_run_goes_on_on_another_machine_as_if_nothing_had_been(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train(toy(tmp_path / "whole", 6), "cpu")
    assert killed_while_it_saves(place, 6, "step-00000004/model.safetensors") == -signal.SIGKILL
    assert RemoteRun(place).last() == "step-00000002"  # `last.json` was not written
    monkeypatch.setenv("HIERVOX_HOME", str(tmp_path / "elsewhere"))
    train(toy(place, 6), "cpu", resume=True)
    expected = state_files(find_checkpoint(tmp_path / "whole"))
    found = state_files(find_checkpoint(Path(place), with_state=True))
    assert len(expected) > 20 and expected.keys() == found.keys()
    assert all(torch.equal(expected[name], found[name]) for name in expected)
    kept = RemoteRun(place).checkpoints()
    whole = {path.name for path in (tmp_path / "whole" / "checkpoints").iterdir()}
    assert {*kept, "last.json"} == whole
    assert not list((tmp_path / "elsewhere" / "runs").iterdir())  # the copy of a run that has ended goes


def test_a_checkpoint_is_there_as_a_whole_or_not_at_all(place: str, tmp_path: Path) -> None:
    assert killed_while_it_saves(place, 4, "step-00000004/checksums.json") == -signal.SIGKILL
    files = Storage(place).files()
    assert "checkpoints/step-00000004/checksums.json" in files
    assert "checkpoints/step-00000004/model.safetensors" not in files
    assert RemoteRun(place).last() == "step-00000002"
    train(toy(place, 6), "cpu", resume=True, allow_change=["train"])
    assert list(RemoteRun(place).checkpoints()) == ["step-00000006"]


def test_two_machines_need_no_folder_in_common(place: str, tmp_path: Path) -> None:
    def run(rank: int) -> None:
        os.environ["HIERVOX_HOME"] = str(tmp_path / f"machine{rank}")
        for out_dir, steps, resume in ((tmp_path / "whole", 4, False), (place, 2, False), (place, 4, True)):
            AcceleratorState._reset_state(True)
            train(toy(out_dir, steps), "cpu", resume=resume)

    in_two_processes(run, machines=2)
    expected = state_files(find_checkpoint(tmp_path / "whole"))
    found = state_files(find_checkpoint(Path(place), with_state=True))
    assert len(expected) > 20 and expected.keys() == found.keys()
    assert all(torch.equal(expected[name], found[name]) for name in expected)
    assert not list(tmp_path.glob("machine*/runs/*"))


def test_uploads_that_are_cut(place: str, faults: Faults, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote_run, "SAVING_TRIES", 3)
    faults.plan("step-00000002/model", "put", "put")
    train(toy(place, 2), "cpu")
    assert RemoteRun(place).last() == "step-00000002" and not faults.planned
    faults.plan("step-00000004/state", *["put"] * 100)
    with pytest.raises(TrainingError, match=r"can't save step-00000004: can't write s3://.*continue from"):
        train(toy(place, 4), "cpu", resume=True, allow_change=["train"])
    faults.planned.clear()
    assert RemoteRun(place).last() == "step-00000002"


def test_a_run_is_not_written_over(place: str, tmp_path: Path) -> None:
    train(toy(place, 2), "cpu")
    with pytest.raises(TrainingError, match=r"s3://.*/run already holds a run"):
        train(toy(place, 2), "cpu")
    (tmp_path / "notes").write_text("mine")
    Storage(f"{place}-2").write("notes", tmp_path / "notes")
    with pytest.raises(TrainingError, match="is not empty"):
        train(toy(f"{place}-2", 2), "cpu")
    with pytest.raises(CheckpointError, match="nothing to resume in s3://"):
        train(toy(f"{place}-3", 2), "cpu", resume=True)


def test_a_model_at_a_url(place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    train(toy(place, 4), "cpu")
    folder = resolve_bundle(place)
    last = folder / "checkpoints" / "step-00000004"
    assert find_checkpoint(folder) == last and not (last / "state").exists()
    assert resolve_bundle(place) == folder  # nothing is copied again
    train(toy(tmp_path / "second", 2), "cpu", init_from=Path(place))

    weights = (last / "model.safetensors").read_bytes()
    (tmp_path / "weights").write_bytes(weights[:-1] + bytes([weights[-1] ^ 1]))
    Storage(place).write("checkpoints/step-00000004/model.safetensors", tmp_path / "weights")
    with pytest.raises(DataError, match=r"step-00000004/model\.safetensors is damaged"):
        resolve_bundle(place)
    monkeypatch.setattr(fetched, "DEFAULT_GIGABYTES", 1e-9)
    with pytest.raises(ConfigError, match="raise HIERVOX_CACHE_GB"):
        resolve_bundle(place)


def test_copies_that_were_not_asked_for_the_longest_go(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def put(size: int) -> Path:
        (tmp_path / "model.safetensors").write_bytes(bytes(size))
        Storage(place).write("model.safetensors", tmp_path / "model.safetensors")
        return resolve_bundle(place)

    monkeypatch.setattr(fetched, "DEFAULT_GIGABYTES", 250e-9)
    first, second = put(99), put(100)
    assert put(101).is_dir() and first.is_dir() and second.is_dir()  # they may be in use
    os.utime(first, (0, 0))
    assert put(102).is_dir() and not first.exists() and second.is_dir()


@pytest.mark.parametrize("name", ["s3://bucket/nothing", "s3://no-such-bucket/model", "nosuch://a/b"])
def test_what_is_not_there_is_one_line(name: str) -> None:
    with pytest.raises(HierVoxError, match=name):
        resolve_bundle(name)

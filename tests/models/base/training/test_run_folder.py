"""What stands in a run's folder is never lost, mixed up or taken for something else."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch
from accelerate.state import AcceleratorState
from pydantic import ValidationError

from hiervox.models.base.checkpoints.checkpoint import find_checkpoint
from hiervox.models.base.data.batch import Batch
from hiervox.models.base.training import run_folder
from hiervox.models.base.training.loop import TrainingLoop, train
from hiervox.models.base.training.run_lock import LOCK_NAME, RunLock
from hiervox.utils.errors import CheckpointError, ConfigError, DataError, HierVoxError, TrainingError
from tests.conftest import REPOSITORY
from tests.models.base.toy import ToyTask, register, toy_experiment
from tests.models.base.training.test_loop import state_files


@pytest.fixture(autouse=True)
def fresh_accelerate() -> Iterator[None]:
    register()
    AcceleratorState._reset_state(True)
    yield
    AcceleratorState._reset_state(True)


def toy(out_dir: Path, **train_keys: Any) -> ToyTask:
    return ToyTask(
        toy_experiment(out_dir, **{"max_steps": 4, "save_every": 2, "validate_every": 2, **train_keys})
    )


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# -- folders that are not to be touched ---------------------------------------------------------------


@pytest.mark.parametrize("name", ["config.json", "metrics.jsonl", "notes.txt", "checkpoints/readme"])
def test_a_folder_that_holds_anything_is_refused_and_left_alone(tmp_path: Path, name: str) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("{}")
    before = files(tmp_path)
    with pytest.raises(TrainingError, match=r"is not empty \(.*set another out_dir"):
        train(toy(tmp_path), "cpu")
    assert files(tmp_path) == before


def test_a_run_that_lost_its_pointer_is_not_begun_anew_but_resumed(tmp_path: Path) -> None:
    train(toy(tmp_path / "whole", max_steps=6), "cpu")
    train(toy(tmp_path / "run"), "cpu")
    (tmp_path / "run/checkpoints/last.json").unlink()
    before = files(tmp_path / "run")
    with pytest.raises(TrainingError, match="already holds a run"):
        train(toy(tmp_path / "run", max_steps=6), "cpu")
    assert files(tmp_path / "run") == before
    train(toy(tmp_path / "run", max_steps=6), "cpu", resume=True)
    expected, actual = (state_files(find_checkpoint(tmp_path / name)) for name in ("whole", "run"))
    assert expected.keys() == actual.keys() and all(torch.equal(expected[k], actual[k]) for k in expected)


def test_without_a_pointer_a_damaged_checkpoint_is_passed_over(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    train(toy(tmp_path), "cpu")
    (tmp_path / "checkpoints/last.json").unlink()
    damaged = tmp_path / "checkpoints/step-00000004/state/generator.safetensors"
    damaged.write_bytes(damaged.read_bytes()[:-4])
    loop = TrainingLoop(toy(tmp_path, max_steps=6, keep_last=1), "cpu")
    loop.resume()
    assert loop.progress.step == 2
    assert "generator.safetensors is not the file that was saved" in capsys.readouterr().err
    loop.run()  # keeps the newest of its own, whatever stands there from before
    assert find_checkpoint(tmp_path).name == "step-00000006"


def test_a_run_that_ended_before_its_first_checkpoint_begins_again(tmp_path: Path) -> None:
    loop = TrainingLoop(toy(tmp_path), "cpu")
    loop.begin()
    loop.folder.log({"step": 1, "split": "train"})
    loop.folder.release()
    with pytest.raises(CheckpointError, match="nothing to resume"):
        train(toy(tmp_path), "cpu", resume=True)
    with pytest.raises(TrainingError, match="is not empty"):
        train(toy(tmp_path, batch_size=3), "cpu")
    train(toy(tmp_path), "cpu")
    assert find_checkpoint(tmp_path).name == "step-00000004"


@pytest.mark.parametrize("out_dir", ["a_file", "a_file/run", "/proc/hiervox", "nul\0byte", "x" * 300])
def test_a_folder_that_cannot_be_is_refused(tmp_path: Path, out_dir: str) -> None:
    (tmp_path / "a_file").write_text("mine")
    with pytest.raises(ConfigError, match="can't use out_dir"):
        train(toy(tmp_path / out_dir), "cpu")
    assert (tmp_path / "a_file").read_text() == "mine"


# -- one process at a time ----------------------------------------------------------------------------


@pytest.mark.parametrize("resume", [False, True])
def test_a_second_training_in_a_folder_is_refused_with_the_firsts_process(
    tmp_path: Path, resume: bool
) -> None:
    if resume:
        train(toy(tmp_path), "cpu")
    first = TrainingLoop(toy(tmp_path, max_steps=6), "cpu")
    first.resume() if resume else first.begin()
    before = files(tmp_path)
    message = rf"is being trained by process {os.getpid()} on {socket.gethostname()}"
    with pytest.raises(TrainingError, match=message):
        train(toy(tmp_path, max_steps=6), "cpu", resume=resume)
    assert files(tmp_path) == before
    first.run()
    train(toy(tmp_path, max_steps=8), "cpu", resume=True)


def test_the_lock_dies_with_its_process_and_not_with_its_children(tmp_path: Path) -> None:
    lock = RunLock(tmp_path)
    lock.acquire()
    began, begins = os.pipe()
    child = os.fork()
    if child == 0:  # a data-loading process that has outlived the one that trains
        os.write(begins, b"x")
        time.sleep(60)
        os._exit(0)
    try:
        assert os.read(began, 1) == b"x"
        with pytest.raises(TrainingError):
            RunLock(tmp_path).acquire()
        lock.release()
        RunLock(tmp_path).acquire()
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    assert json.loads((tmp_path / LOCK_NAME).read_text())["pid"] == os.getpid()


# -- states that are not the saved ones ---------------------------------------------------------------


def _truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-7])


def _flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-3] ^= 1
    path.write_bytes(content)


def _empty(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize("damage", [_truncate, _flip, _empty, Path.unlink])
@pytest.mark.parametrize(
    "name", ["random_states_0.safetensors", "discriminator.optimizer.safetensors", "generator.safetensors"]
)
def test_a_damaged_state_is_named_and_refused(
    tmp_path: Path, name: str, damage: Callable[[Path], None]
) -> None:
    loop = TrainingLoop(toy(tmp_path), "cpu")
    loop.begin()
    loop.save(None)
    loop.folder.release()
    damage(find_checkpoint(tmp_path) / "state" / name)
    with pytest.raises(
        CheckpointError, match=rf"{name} is (missing|not the file that was saved): restore it"
    ):
        train(toy(tmp_path), "cpu", resume=True)


def test_the_state_of_another_run_is_refused(tmp_path: Path) -> None:
    for seed in (1, 2):
        loop = TrainingLoop(toy(tmp_path / str(seed)), "cpu")
        torch.manual_seed(seed)
        loop.begin()
        loop.save(None)
        loop.folder.release()
    states = [find_checkpoint(tmp_path / seed) / "state/random_states_0.safetensors" for seed in ("1", "2")]
    shutil.copy(*states)
    with pytest.raises(CheckpointError, match=r"random_states_0\.safetensors is not the file"):
        train(toy(tmp_path / "2"), "cpu", resume=True)


def test_a_checkpoint_without_checksums_still_gives_its_weights(tmp_path: Path) -> None:
    train(toy(tmp_path / "run"), "cpu")
    (find_checkpoint(tmp_path / "run") / "checksums.json").unlink()
    with pytest.raises(CheckpointError, match=r"has no checksums\.json.*--init-from"):
        train(toy(tmp_path / "run", max_steps=6), "cpu", resume=True)
    train(toy(tmp_path / "other"), "cpu", init_from=tmp_path / "run")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ('{"step": "4"}', "no usable step"),
        ('{"step": 4, "best": [1]}', "no usable best"),
        ('{"step": -4}', "no usable step"),
        ('{"step": 3}', "is of step 3"),
        ("[]", "no object"),
        ("\udcff", "can't read"),
    ],
)
def test_progress_that_is_none_is_refused(tmp_path: Path, content: str, says: str) -> None:
    train(toy(tmp_path), "cpu")
    folder = find_checkpoint(tmp_path)
    (folder / "progress.json").write_bytes(content.encode("utf-8", "surrogateescape"))
    (folder / "checksums.json").write_text("{}")  # as if it had been saved so
    with pytest.raises(CheckpointError, match=says):
        train(toy(tmp_path, max_steps=6), "cpu", resume=True)


def test_broken_lines_of_metrics_are_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    train(toy(tmp_path), "cpu")
    metrics = tmp_path / "metrics.jsonl"
    rows = metrics.read_bytes()
    metrics.write_bytes(rows + b'\xff\xfe\n{"step": "x"}\n{"st\n[1]\n')
    train(toy(tmp_path, max_steps=6), "cpu", resume=True)
    assert "4 lines are not metrics" in capsys.readouterr().err
    assert metrics.read_bytes().startswith(rows)


# -- configs that changed -----------------------------------------------------------------------------


def test_changes_that_break_exactness_are_named_and_refused_unless_allowed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    train(toy(tmp_path), "cpu")
    changed = {"max_steps": 6, "workers": 0, "batch_size": 3, "optimizer": {"learning_rate": 1e-3}}
    expected = r"batch_size was 32 and is 3, train\.optimizer\.learning_rate was 0\.0001 and is 0\.001: "
    with pytest.raises(ConfigError, match=expected + "set what it was, or .*--allow-change train.batch_size"):
        train(toy(tmp_path, **changed), "cpu", resume=True)
    with pytest.raises(ConfigError, match="learning_rate was"):
        train(toy(tmp_path, **changed), "cpu", resume=True, allow_change=["train.batch_size"])
    capsys.readouterr()
    allowed = ["train.batch_size", "train.optimizer"]
    train(toy(tmp_path, **changed), "cpu", resume=True, allow_change=allowed)
    said = capsys.readouterr().err
    assert "train.max_steps was 4 and is 6" in said and "train.workers was 2 and is 0" in said
    assert json.loads((tmp_path / "config.json").read_text())["train"]["batch_size"] == 3


def test_other_data_and_seeds_are_refused(tmp_path: Path) -> None:
    train(toy(tmp_path), "cpu")
    own = toy_experiment(tmp_path, max_steps=6, save_every=2, validate_every=2)
    data = own.data.model_copy(update={"dev_size": 0})
    with pytest.raises(ConfigError, match=r"seed was 1234 and is 7, data\.dev_size was 8 and is 0"):
        train(ToyTask(own.model_copy(update={"data": data, "seed": 7})), "cpu", resume=True)
    with pytest.raises(ConfigError, match="of another network"):
        other = own.model_copy(update={"part": "other"})
        train(ToyTask(other), "cpu", resume=True, allow_change=["part"])


class Fingerprinted(ToyTask):
    """Whose data are told apart by a name."""

    data = "first"

    def data_fingerprint(self) -> str | None:
        return self.data


def test_other_cuts_at_the_same_place_are_refused_unless_allowed(tmp_path: Path) -> None:
    def task(data: str, max_steps: int = 4) -> Fingerprinted:
        made = Fingerprinted(toy_experiment(tmp_path, max_steps=max_steps, save_every=2, validate_every=2))
        made.data = data
        return made

    train(task("first"), "cpu")
    train(task("first", 6), "cpu", resume=True)
    with pytest.raises(ConfigError, match=r"cuts of none have changed .*: .*--allow-change data\.cuts"):
        train(task("second", 8), "cpu", resume=True)
    assert find_checkpoint(tmp_path).name == "step-00000006"
    train(task("second", 8), "cpu", resume=True, allow_change=["data"])
    train(task("second", 10), "cpu", resume=True)
    (tmp_path / "data.json").unlink()  # as of a run from before there was the note
    train(task("third", 12), "cpu", resume=True)
    assert json.loads((tmp_path / "data.json").read_text()) == {"sha256": "third"}


@pytest.mark.parametrize("ema_decay", [None, 0.9])
def test_a_diverged_training_saves_nothing_and_says_so(tmp_path: Path, ema_decay: float | None) -> None:
    """One step leaves finite weights that no loss has seen: 6e25 was saved with exit code 0."""
    own = {"generator": {"optimizer": {"learning_rate": 1e30}}}
    settings: dict[str, Any] = {"networks": own, "max_steps": 1, "ema_decay": ema_decay}
    with pytest.raises(
        TrainingError, match=r"the training diverged: at step 1 a value of the weights"
    ) as told:
        train(toy(tmp_path, **settings), "cpu")
    assert "\n" not in str(told.value) and "learning_rate" in str(told.value)
    assert not list(tmp_path.glob("checkpoints/step-*"))


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_gradients_that_are_not_finite_are_not_saved(tmp_path: Path, value: float) -> None:
    loop = TrainingLoop(toy(tmp_path), "cpu")
    batch = next(iter(loop.task.loader("train", epoch=0, skip_batches=0, rank=0, world_size=1)))
    loop.engine.step(batch, 0)
    loop.engine.require_sound(1)
    optimizer = loop.engine.optimizers["discriminator"]
    kept = next(iter(optimizer.state.values()))
    kept["exp_avg_sq"].fill_(value)
    with pytest.raises(TrainingError, match=r"averages \(exp_avg_sq\) of discriminator\..* is not finite"):
        loop.engine.require_sound(1)


def test_the_last_step_of_a_cosine_is_no_harmless_change(tmp_path: Path) -> None:
    train(toy(tmp_path, schedule={"kind": "cosine"}), "cpu")
    with pytest.raises(ConfigError, match=r"train\.max_steps was 4 and is 6"):
        train(toy(tmp_path, max_steps=6, schedule={"kind": "cosine"}), "cpu", resume=True)


def test_changes_are_allowed_where_something_is_resumed(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="--allow-change is for --resume"):
        train(toy(tmp_path), "cpu", allow_change=["seed"])


@pytest.mark.parametrize(
    "wrong",
    [
        {"train": {"optimizer": {"learning_rate": float("inf")}}},
        {"train": {"workers": 1_000_000}},
        {"seed": -1},
        {"seed": True},
        {"out_dir": ""},
    ],
)
def test_values_that_make_no_sense_are_refused(wrong: dict[str, Any]) -> None:
    tree = {"system": "toy", "part": "toy", "out_dir": "run", "data": {"cuts": "none"}, **wrong}
    with pytest.raises(ValidationError):
        type(toy_experiment(Path("run"))).model_validate(tree)


# -- stopping, failing and ending ---------------------------------------------------------------------


def start(out_dir: Path) -> subprocess.Popen[str]:
    """A toy training without end, once it has taken some steps."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.models.base.toy", str(out_dir), "1000000"],
        cwd=REPOSITORY,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 60
    while not (out_dir / "checkpoints/last.json").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    return process


def test_ctrl_c_saves_and_says_how_to_go_on(tmp_path: Path) -> None:
    process = start(tmp_path)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    step = json.loads((find_checkpoint(tmp_path) / "progress.json").read_text())["step"]
    assert "Ctrl-C again leaves at once" in said
    assert f"SIGINT: saved step {step}; continue with `toy --resume`" in said
    assert (tmp_path / "losses.png").stat().st_size > 1000


def test_a_second_ctrl_c_leaves_at_once(tmp_path: Path) -> None:
    class Patient(ToyTask):
        def loader(self, *arguments: Any, **keys: Any) -> Iterable[Batch]:
            for batch in super().loader(*arguments, **keys):
                signal.raise_signal(signal.SIGINT)
                signal.raise_signal(signal.SIGINT)
                yield batch

    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # background programs ignore it
    try:
        with pytest.raises(KeyboardInterrupt):
            train(Patient(toy_experiment(tmp_path)), "cpu")
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)
    assert not list((tmp_path / "checkpoints").glob("step-*"))


def test_the_end_says_where_the_checkpoint_is_and_how_to_use_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    train(toy(tmp_path), "cpu")
    said = capsys.readouterr().err
    assert f"the checkpoint is {tmp_path / 'checkpoints' / 'step-00000004'}" in said
    assert f"--model {tmp_path}" in said and f"--init-from {tmp_path}" in said
    assert (tmp_path / "losses.png").read_bytes().startswith(b"\x89PNG")


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """Let writing fail where a file would grow over so many bytes, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


def test_a_checkpoint_that_cannot_be_written_is_named_and_removed(tmp_path: Path) -> None:
    loop = TrainingLoop(toy(tmp_path), "cpu", resume_command="go on")
    loop.begin()
    begin_again = r"can't save .*step-00000000 .*make room, and begin again"
    with largest_file(1000), pytest.raises(TrainingError, match=begin_again):
        loop.save(None)
    loop.save(None)
    loop.progress = loop.progress.model_copy(update={"step": 2})
    with (
        largest_file(1000),
        pytest.raises(TrainingError, match=r"can't save .*step-00000002 .*`go on`") as raised,
    ):
        loop.save(None)
    assert "safetensors" in str(raised.value)
    assert sorted(path.name for path in (tmp_path / "checkpoints").iterdir()) == [
        "last.json",
        "step-00000000",
    ]
    assert find_checkpoint(tmp_path).name == "step-00000000"


def test_features_that_are_not_finite_are_named(tmp_path: Path) -> None:
    class Spoilt(ToyTask):
        def loader(self, *arguments: Any, **keys: Any) -> Iterable[Batch]:
            for batch in super().loader(*arguments, **keys):
                batch["real"][2, 1] = float("nan")
                yield {"ids": list("abcdef"), **batch}

    with pytest.raises(DataError, match="`real` of 'c' is not finite: extract it again"):
        train(Spoilt(toy_experiment(tmp_path)), "cpu")


def test_errors_are_single_lines(tmp_path: Path) -> None:
    with pytest.raises(HierVoxError) as raised:
        train(toy(tmp_path / "a\nb"), "cpu", resume=True)
    assert "\n" not in str(raised.value)


def test_a_run_that_a_full_disk_ends_before_it_begins_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, tree: Any) -> None:
        assert (path.parent / LOCK_NAME).exists()
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))

    (tmp_path / "empty").mkdir()
    monkeypatch.setattr(run_folder, "write_json", full)
    for place in ("new/run", "empty"):
        with pytest.raises(ConfigError, match="No space left on device"):
            TrainingLoop(toy(tmp_path / place), "cpu").begin()
    assert [path.name for path in tmp_path.rglob("*")] == ["empty"]


def test_a_lock_whose_file_goes_while_it_is_taken_is_taken_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flock, path = fcntl.flock, tmp_path / LOCK_NAME

    def flock_late(descriptor: int, how: int) -> None:
        """The run that held it has failed, and has taken its folder's files away."""
        monkeypatch.setattr(fcntl, "flock", flock)
        path.unlink()
        flock(descriptor, how)

    lock = RunLock(tmp_path)
    monkeypatch.setattr(fcntl, "flock", flock_late)
    lock.acquire()
    with pytest.raises(TrainingError, match="is being trained"):
        RunLock(tmp_path).acquire()
    lock.release()

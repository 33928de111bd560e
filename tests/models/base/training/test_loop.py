from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from accelerate.state import AcceleratorState
from safetensors.torch import load_file

from hiervox.models.base.checkpoints.checkpoint import find_checkpoint, load_network
from hiervox.models.base.training.engine import StepEngine
from hiervox.models.base.training.loop import TrainingLoop, train
from hiervox.utils.errors import CheckpointError, ConfigError, DataError, TrainingError
from tests.conftest import REPOSITORY
from tests.models.base.toy import BATCHES_AN_EPOCH, ToyTask, register, toy_experiment


@pytest.fixture(autouse=True)
def fresh_accelerate() -> Iterator[None]:
    """accelerate keeps its precision in a process-wide singleton."""
    register()
    AcceleratorState._reset_state(True)
    yield
    AcceleratorState._reset_state(True)


def state_files(folder: Path) -> dict[str, torch.Tensor]:
    tensors = {}
    for file in sorted(folder.rglob("*.safetensors")):
        tensors.update({f"{file.name}/{name}": tensor for name, tensor in load_file(file).items()})
    return tensors


def toy_process(programs: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(programs / "python"), "-m", "tests.models.base.toy", *arguments]
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=300)


def test_ten_steps_a_kill_and_ten_more_equal_twenty(warm_python: Path, tmp_path: Path) -> None:
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    assert toy_process(warm_python, str(whole), "20").returncode == 0
    killed = toy_process(warm_python, str(broken), "20", "--kill-at", "12")
    assert killed.returncode == -signal.SIGKILL
    assert find_checkpoint(broken).name == "step-00000010"
    resumed = toy_process(warm_python, str(broken), "20", "--resume")
    assert resumed.returncode == 0, resumed.stderr
    expected, actual = state_files(find_checkpoint(whole)), state_files(find_checkpoint(broken))
    assert len(expected) > 20 and expected.keys() == actual.keys()
    for name in expected:
        assert torch.equal(expected[name], actual[name]), name
    rows = [json.loads(line) for line in (broken / "metrics.jsonl").read_text().splitlines()]
    steps = [row["step"] for row in rows if row["split"] == "train"]
    assert steps == [2, 4, 5, 6, 8, 10, 12, 14, 15, 16, 18, 20]


def test_sigterm_saves_and_exits(tmp_path: Path) -> None:
    loop = TrainingLoop(ToyTask(toy_experiment(tmp_path, max_steps=100_000, save_every=50_000)), "cpu")
    loop.begin()
    timer = threading.Timer(1.0, os.kill, (os.getpid(), signal.SIGTERM))
    timer.start()
    with pytest.raises(SystemExit) as stopped:
        loop.run()
    assert stopped.value.code == 143
    assert find_checkpoint(tmp_path).name == f"step-{loop.progress.step:08d}"


def test_checkpoints_that_stay(tmp_path: Path) -> None:
    train(ToyTask(toy_experiment(tmp_path, max_steps=40, keep_last=2, keep_best=1)), "cpu")
    folders = sorted(path.name for path in (tmp_path / "checkpoints").glob("step-*"))
    progress = json.loads((find_checkpoint(tmp_path) / "progress.json").read_text())
    assert {"step-00000035", "step-00000040"} <= set(folders)
    assert set(folders) == {"step-00000035", "step-00000040", *progress["best"]}
    assert len(progress["best"]) == 1
    network, experiment = load_network(tmp_path)
    averaged = load_file(find_checkpoint(tmp_path) / "state" / "generator.average.safetensors")
    assert torch.equal(network.state_dict()["layers.0.weight"], averaged["module.layers.0.weight"])
    assert experiment.train.max_steps != 40  # the loop's settings are no part of what inference needs


def test_accumulation_updates_once_a_group(tmp_path: Path) -> None:
    engine = StepEngine(ToyTask(toy_experiment(tmp_path, accumulate=2)), "cpu")
    weight = engine.bare("generator").layers[0].weight  # type: ignore[index,union-attr]
    before = weight.detach().clone()
    batches = list(engine.task.loader("train", epoch=0, skip_batches=0, rank=0, world_size=1))
    engine.step(batches[0], 0)
    assert torch.equal(weight, before)
    engine.step(batches[1], 0)
    assert not torch.equal(weight, before)


def test_a_phase_updates_only_its_network(tmp_path: Path) -> None:
    engine = StepEngine(ToyTask(toy_experiment(tmp_path)), "cpu")
    batch = next(iter(engine.task.loader("train", epoch=0, skip_batches=0, rank=0, world_size=1)))
    engine.optimizers["generator"].step = lambda: None
    critic, generator = engine.bare("discriminator"), engine.bare("generator")
    before = {name: tensor.clone() for name, tensor in generator.state_dict().items()}
    critic_before = critic.state_dict()["weight"].clone()
    engine.step(batch, 0)
    assert all(torch.equal(tensor, before[name]) for name, tensor in generator.state_dict().items())
    assert not torch.equal(critic.state_dict()["weight"], critic_before)
    assert all(parameter.grad is None for parameter in critic.parameters())


def test_bf16_trains_on_the_cpu_and_fp16_is_refused(tmp_path: Path) -> None:
    train(ToyTask(toy_experiment(tmp_path, precision="bf16", max_steps=2)), "cpu")
    assert find_checkpoint(tmp_path).name == "step-00000002"
    with pytest.raises(ConfigError, match="fp16"):
        StepEngine(ToyTask(toy_experiment(tmp_path, precision="fp16")), "cpu")


def test_initialising_takes_weights_and_starts_at_step_zero(tmp_path: Path) -> None:
    train(ToyTask(toy_experiment(tmp_path / "first", max_steps=4, ema_decay=None)), "cpu")
    loop = TrainingLoop(ToyTask(toy_experiment(tmp_path / "second", ema_decay=None)), "cpu")
    loop.initialise_from(tmp_path / "first")
    first = load_file(find_checkpoint(tmp_path / "first") / "model.safetensors")
    critic = load_file(find_checkpoint(tmp_path / "first") / "state" / "discriminator.safetensors")
    assert torch.equal(
        loop.engine.bare("generator").state_dict()["layers.0.weight"], first["layers.0.weight"]
    )
    assert torch.equal(loop.engine.bare("discriminator").state_dict()["weight"], critic["weight"])
    assert loop.progress.step == 0


def test_runs_are_not_mixed_up(tmp_path: Path) -> None:
    task = ToyTask(toy_experiment(tmp_path, max_steps=2))
    with pytest.raises(CheckpointError, match="nothing to resume"):
        train(task, "cpu", resume=True)
    with pytest.raises(ConfigError, match="exclude each other"):
        train(task, "cpu", resume=True, init_from=tmp_path)
    train(task, "cpu")
    with pytest.raises(TrainingError, match="already holds a run"):
        train(task, "cpu")
    wider = toy_experiment(tmp_path, max_steps=4)
    wider = wider.model_copy(update={"model": wider.model.model_copy(update={"width": 16})})
    with pytest.raises(ConfigError, match=r"model\.width was 8 and is 16.*--allow-change model\.width"):
        train(ToyTask(wider), "cpu", resume=True)


def test_a_run_from_before_a_key_was_there_resumes(tmp_path: Path) -> None:
    train(ToyTask(toy_experiment(tmp_path, max_steps=2)), "cpu")
    config = tmp_path / "config.json"
    tree = json.loads(config.read_text())
    del tree["model"], tree["train"]["freeze"]  # all at their defaults
    config.write_text(json.dumps(tree))
    train(ToyTask(toy_experiment(tmp_path, max_steps=4)), "cpu", resume=True)
    assert find_checkpoint(tmp_path).name == "step-00000004"
    tree["model"] = {"width": 8, "depth": 3}
    config.write_text(json.dumps(tree))
    with pytest.raises(ConfigError, match=r"model\.depth was 3 and is None"):
        train(ToyTask(toy_experiment(tmp_path, max_steps=6)), "cpu", resume=True)


def test_a_loss_that_is_not_finite_stops_the_run(tmp_path: Path) -> None:
    class Broken(ToyTask):
        def weights(self, step: int) -> dict[str, float]:
            return {"reconstruction": float("inf")}

    with pytest.raises(TrainingError, match="at step"):
        train(Broken(toy_experiment(tmp_path, max_steps=50, clip_norm=None)), "cpu")


def test_an_empty_training_set_is_an_error(tmp_path: Path) -> None:
    class Empty(ToyTask):
        def loader(self, *arguments: object, **keys: object) -> list[dict[str, torch.Tensor]]:
            return []

    with pytest.raises(DataError, match="no batch"):
        train(Empty(toy_experiment(tmp_path)), "cpu")


def test_epochs_advance(tmp_path: Path) -> None:
    loop = TrainingLoop(ToyTask(toy_experiment(tmp_path, max_steps=BATCHES_AN_EPOCH + 2)), "cpu")
    loop.begin()
    loop.run()
    assert (loop.progress.epoch, loop.progress.batches) == (1, 2)
    assert list((tmp_path / "logs").glob("events.*"))


def test_a_checkpoint_keeps_the_rate_and_hop_of_its_data(tmp_path: Path) -> None:
    experiment = toy_experiment(tmp_path, max_steps=2)
    data = experiment.data.model_copy(update={"sample_rate": 8000, "hop_length": 80})
    train(ToyTask(experiment.model_copy(update={"data": data})), "cpu")
    _, opened = load_network(tmp_path)
    assert (opened.data.sample_rate, opened.data.hop_length) == (8000, 80)

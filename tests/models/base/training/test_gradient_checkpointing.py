"""Activations that are computed again: the same training with less memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from accelerate.state import AcceleratorState
from torch import Tensor, nn

from hiervox.models.base.training.engine import StepEngine
from hiervox.models.base.training.gradient_checkpointing import checkpoint_modules
from hiervox.utils.errors import ConfigError
from tests.models.base.toy import ToyTask, toy_experiment


@pytest.fixture(autouse=True)
def fresh_accelerate() -> Iterator[None]:
    AcceleratorState._reset_state(True)
    yield
    AcceleratorState._reset_state(True)


def trained(folder: Path, names: tuple[str, ...]) -> dict[str, Tensor]:
    AcceleratorState._reset_state(True)
    config = toy_experiment(folder, ema_decay=0.5, gradient_checkpointing=names)
    engine = StepEngine(ToyTask(config), "cpu")
    for step, batch in enumerate(engine.task.loader("train", epoch=0, skip_batches=0, rank=0, world_size=1)):
        engine.step(batch, step)
    return engine.bare("generator").state_dict()


def test_weights_are_the_same_to_the_bit_dropout_and_all(tmp_path: Path) -> None:
    plain, again = (trained(tmp_path, names) for names in ((), ("layers",)))
    assert plain.keys() == again.keys() and all(torch.equal(plain[name], again[name]) for name in plain)


def test_each_layer_of_a_list_keeps_its_input_alone() -> None:
    def kept(names: tuple[str, ...]) -> int:
        layer = nn.Sequential(nn.Linear(16, 256), nn.Tanh(), nn.Linear(256, 16))
        network = nn.ModuleDict({"layers": nn.ModuleList([layer, nn.Linear(16, 16)])})
        checkpoint_modules(network, names)
        sizes: list[int] = []

        def keep(tensor: Tensor) -> Tensor:
            sizes.append(tensor.numel())
            return tensor

        x = torch.randn(4, 16, requires_grad=True)
        with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
            for each in network["layers"]:
                x = each(x)
        return sum(sizes)

    assert kept(("layers",)) <= kept(()) / 10


def test_a_module_that_is_not_there_is_refused() -> None:
    network = nn.ModuleDict({"text": nn.Linear(1, 1), "flow": nn.Linear(1, 1)})
    with pytest.raises(ConfigError, match=r"names 'flows', which ModuleDict has not.*flow"):
        checkpoint_modules(network, ("flows",))

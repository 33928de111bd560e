from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from accelerate.state import AcceleratorState
from torch import nn

from hiervox.models.base.training.engine import StepEngine
from hiervox.models.base.training.freezing import covers, frozen_parameters
from hiervox.utils.errors import ConfigError
from tests.models.base.toy import ToyTask, toy_experiment


@pytest.fixture(autouse=True)
def fresh_accelerate() -> Iterator[None]:
    AcceleratorState._reset_state(True)
    yield
    AcceleratorState._reset_state(True)


def test_a_prefix_ends_at_a_dot() -> None:
    assert covers("encoder", "encoder.weight") and covers("encoder.weight", "encoder.weight")
    assert not covers("encoder", "encoder_two.weight")


def test_an_unknown_module_is_refused_with_the_choices() -> None:
    network = nn.ModuleDict({"text": nn.Linear(1, 1), "flow": nn.Linear(1, 1)})
    assert len(frozen_parameters(network, ("text", "flow.bias"))) == 3
    with pytest.raises(ConfigError, match=r"'texts'.*choose from text, flow"):
        frozen_parameters(network, ("texts",))
    with pytest.raises(ConfigError, match="nothing to train"):
        frozen_parameters(network, ("text", "flow"))


def test_frozen_weights_stay_and_the_others_learn(tmp_path: Path) -> None:
    config = toy_experiment(tmp_path, freeze=("layers.0",), ema_decay=0.5)
    engine = StepEngine(ToyTask(config), "cpu")
    before = {name: tensor.clone() for name, tensor in engine.bare("generator").state_dict().items()}
    batches = engine.task.loader("train", epoch=0, skip_batches=0, rank=0, world_size=1)
    for step, batch in enumerate(batches):
        engine.step(batch, step)
    after = engine.bare("generator").state_dict()
    assert engine.average is not None
    for name, tensor in before.items():
        stays = name.startswith("layers.0.")
        assert torch.equal(tensor, after[name]) is stays
        assert torch.equal(tensor, engine.average.module.state_dict()[name]) is stays
    assert all(parameter.grad is None for parameter in engine.bare("discriminator").parameters())

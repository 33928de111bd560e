"""The moving average of the weights."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel

from hiervox.models.base.training.engine import _growing_average


@pytest.mark.parametrize(("step", "weight"), [(0, 0.9), (1, 1 - 2 / 11), (100_000, 0.001)])
def test_later_steps_weigh_less_until_the_decay_is_reached(step: int, weight: float) -> None:
    averaged, current = [torch.tensor([1.0])], [torch.tensor([3.0])]
    _growing_average(0.999)(averaged, current, torch.tensor(step))
    assert float(averaged[0]) == pytest.approx(1 + 2 * weight)


def test_the_first_weights_are_forgotten_in_a_hundred_steps() -> None:
    network = nn.Linear(1, 1, bias=False)
    nn.init.constant_(network.weight, -100.0)
    average = AveragedModel(network, multi_avg_fn=_growing_average(0.999))
    for _ in range(100):
        nn.init.constant_(network.weight, 1.0)
        average.update_parameters(network)
    assert average.module.weight.item() == pytest.approx(1.0, abs=0.01)

"""The moving average of the weights."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from hiervox.models.base.training.average import GrowingAverage
from hiervox.utils.operations import counted


@pytest.mark.parametrize(("updates", "weight"), [(1, 1 - 2 / 11), (100_000, 0.001)])
def test_later_updates_weigh_less_until_the_decay_is_reached(updates: int, weight: float) -> None:
    network = nn.Linear(1, 1, bias=False)
    average = GrowingAverage(network, 0.999)
    state = average.state_dict()
    average.load_state_dict(
        {**state, "module.weight": torch.tensor([[1.0]]), "n_averaged": torch.tensor(updates)}
    )
    nn.init.constant_(network.weight, 3.0)
    average.update_parameters(network)
    assert average.module.weight.item() == pytest.approx(1 + 2 * weight)
    assert int(average.n_averaged) == updates + 1


def test_the_first_weights_are_forgotten_in_a_hundred_updates() -> None:
    network = nn.Linear(1, 1, bias=False)
    nn.init.constant_(network.weight, -100.0)
    average = GrowingAverage(network, 0.999)
    for _ in range(100):
        average.update_parameters(network)
        nn.init.constant_(network.weight, 1.0)
    assert average.module.weight.item() == pytest.approx(1.0, abs=0.01)


def test_buffers_are_the_networks_and_no_update_reads_a_value() -> None:
    network = nn.BatchNorm1d(2)
    average = GrowingAverage(network, 0.999)
    average.update_parameters(network)
    network.running_mean = torch.tensor([1.0, 2.0])
    with counted() as operations:
        average.update_parameters(network)
    assert not operations.waits
    assert torch.equal(average.module.running_mean, network.running_mean)

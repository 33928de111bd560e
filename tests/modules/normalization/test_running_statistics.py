from __future__ import annotations

import pytest
import torch

from hiervox.modules.normalization.running_statistics import RunningStatistics
from hiervox.utils.operations import counted


def test_statistics_are_means_over_batches_without_outliers() -> None:
    statistics = RunningStatistics(batches=2)
    means, squares = [], []
    for number in range(3):
        values = torch.cat([torch.randn(400) + number, torch.tensor([1e4, -1e4])])
        low, high = torch.quantile(values, torch.tensor([0.25, 0.75]))
        kept = values[(values >= low - 1.5 * (high - low)) & (values <= high + 1.5 * (high - low))]
        means.append(kept.mean())
        squares.append(kept.square().mean())
        with counted() as operations:
            statistics.update(values)
        assert not number or not operations.waits
    mean = torch.stack(means[:2]).mean()
    assert float(statistics.mean) == pytest.approx(float(mean), abs=1e-5)
    std = (torch.stack(squares[:2]).mean() - mean.square()).sqrt()
    assert float(statistics.std) == pytest.approx(float(std), abs=1e-4) and statistics.seen == 2


def test_what_was_seen_goes_on_after_loading() -> None:
    first, again = RunningStatistics(batches=3), RunningStatistics(batches=3)
    values = torch.randn(3, 50)
    again.update(values[2])
    first.update(values[0])
    again.load_state_dict(first.state_dict())
    for statistics in (first, again):
        statistics.update(values[1])
    assert torch.equal(first.mean, again.mean) and torch.equal(first.std, again.std) and again.seen == 2

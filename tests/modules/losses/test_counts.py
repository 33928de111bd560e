from __future__ import annotations

import pytest
import torch

from hiervox.modules.losses.counts import counts_over_processes, real_count
from hiervox.modules.losses.reconstruction import masked_l1


def test_no_count_is_under_one() -> None:
    assert real_count(torch.zeros(2, 1, 3)) == 1
    assert real_count(torch.tensor([1.0, 1, 0])) == 2


def test_the_mean_of_uneven_shares_is_that_of_the_whole() -> None:
    generator = torch.Generator().manual_seed(0)
    predicted, target = torch.randn(2, 2, 3, 5, generator=generator)
    mask = torch.tensor([[1.0, 1, 1, 1, 1], [1, 0, 0, 0, 0]]).unsqueeze(1)
    whole = masked_l1(predicted, target, mask)
    shares = [slice(0, 1), slice(1, 2)]
    with counts_over_processes(lambda count: mask.sum() / len(shares)):
        parts = [masked_l1(predicted[share], target[share], mask[share]) for share in shares]
    torch.testing.assert_close(sum(parts) / len(parts), whole)
    alone = [masked_l1(predicted[share], target[share], mask[share]) for share in shares]
    assert float(sum(alone) / len(alone)) != pytest.approx(float(whole), rel=1e-3)

from __future__ import annotations

import torch

from hiervox.modules.losses.duration import duration_nll


def test_duration_nll_is_per_real_token() -> None:
    mask = torch.tensor([[[1.0, 1.0, 1.0]], [[1.0, 0.0, 0.0]]])
    assert float(duration_nll(torch.tensor([6.0, 2.0]), mask)) == 2.0

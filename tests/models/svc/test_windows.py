"""Tests of `hiervox.models.svc._singing.windows`."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from hiervox.models.svc._singing import windows
from hiervox.models.svc._singing.windows import NoiseField, in_windows

CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, frames in (
        ("KEPT_FRAMES", 40),
        ("CONTEXT_FRAMES", 20),
        ("FADE_FRAMES", 8),
        ("BLOCK_FRAMES", 32),
    ):
        monkeypatch.setattr(windows, name, frames)


def test_what_windows_agree_on_is_as_in_one_pass() -> None:
    whole = torch.randn(5, 217)
    seen = []

    def sample(first: int, last: int) -> Tensor:
        seen.append((first, last))
        return whole[None, :, first:last]

    torch.testing.assert_close(in_windows(217, sample), whole)
    assert len(seen) == 6 and max(last - first for first, last in seen) == 80
    torch.testing.assert_close(in_windows(70, sample), whole[:, :70])


def test_what_they_disagree_on_fades_over_the_seam() -> None:
    levels = iter(range(10))

    def sample(first: int, last: int) -> Tensor:
        return torch.full((1, 1, last - first), float(next(levels)))

    made = in_windows(120, sample)[0]
    assert made[:32].eq(0).all() and made[48:72].eq(1).all() and made[88:].eq(2).all()
    steps = made.diff()
    assert steps.min() >= 0 and steps.max() < 1.01 / 16


def test_windows_agree_on_the_noise() -> None:
    field = NoiseField(7, 3, CPU, 0.5)
    whole = field.at(2, 0, 100)
    assert whole.shape == (1, 3, 100)
    torch.testing.assert_close(field.at(2, 41, 97), whole[..., 41:97])
    assert not torch.equal(field.at(3, 0, 100), whole)
    assert not torch.equal(NoiseField(8, 3, CPU, 0.5).at(2, 0, 100), whole)
    assert 0.4 < float(whole.std()) < 0.6

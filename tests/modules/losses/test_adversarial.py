"""Tests of `modules.losses.adversarial` against sums done by hand."""

from __future__ import annotations

import pytest
import torch

from modules.losses.adversarial import discriminator_loss, feature_matching_loss, generator_loss


def test_discriminator_loss() -> None:
    real = [torch.tensor([[1.0, 0.0]]), torch.tensor([[3.0]])]  # (0 + 1) / 2 and 4
    fake = [torch.tensor([[2.0, 0.0]]), torch.tensor([[-1.0]])]  # (4 + 0) / 2 and 1
    assert float(discriminator_loss(real, fake)) == pytest.approx(0.5 + 4 + 2 + 1)


def test_generator_loss() -> None:
    fake = [torch.tensor([[2.0, 1.0]]), torch.tensor([[-1.0]])]  # (1 + 0) / 2 and 4
    assert float(generator_loss(fake)) == pytest.approx(4.5)


def test_feature_matching_loss_trains_only_the_generated_side() -> None:
    real = [[torch.tensor([1.0, 2.0], requires_grad=True), torch.tensor([0.0])], [torch.tensor([5.0])]]
    fake = [[torch.tensor([2.0, 0.0], requires_grad=True), torch.tensor([0.5])], [torch.tensor([1.0])]]
    loss = feature_matching_loss(real, fake)  # (1 + 2) / 2 + 0.5 + 4
    assert loss.item() == pytest.approx(6.0)
    loss.backward()
    assert real[0][0].grad is None
    assert fake[0][0].grad is not None


def test_unequal_numbers_of_maps_are_refused() -> None:
    with pytest.raises(ValueError):
        feature_matching_loss([[torch.zeros(1)]], [[torch.zeros(1), torch.zeros(1)]])

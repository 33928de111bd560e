"""Tests of `hiervox.modules.losses.adversarial` against sums done by hand."""

from __future__ import annotations

import pytest
import torch

from hiervox.modules.losses.adversarial import (
    discriminator_loss,
    discriminator_terms,
    feature_matching_loss,
    generator_loss,
    generator_terms,
)


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


def test_the_turns_terms_are_those_losses_and_reach_only_whose_turn_it_is() -> None:
    scale = torch.tensor(2.0, requires_grad=True)

    def discriminator(wav: torch.Tensor) -> tuple[list[torch.Tensor], list[list[torch.Tensor]]]:
        return [scale * wav], [[wav + 1, scale * wav]]

    real, fake = torch.tensor([[[1.0, 0.5]]]), torch.tensor([[[0.25, 0.5]]], requires_grad=True)
    own = discriminator_terms(discriminator, real, fake)
    assert own["discriminator"].item() == pytest.approx(0.5 + 0.625)  # means of (1, 0)² and of (0.5, 1)²
    own["discriminator"].backward()
    assert fake.grad is None and scale.grad is not None
    given = generator_terms(discriminator, real, fake)
    assert given["adversarial"].item() == pytest.approx(0.125)  # mean of (0.5, 0)²
    assert given["feature_matching"].item() == pytest.approx(0.375 + 0.75)
    sum(given.values()).backward()
    assert fake.grad is not None

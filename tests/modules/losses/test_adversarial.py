"""Tests of `hiervox.modules.losses.adversarial` against sums done by hand."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch

from hiervox.modules.discriminators.stack import DiscriminatorOutput
from hiervox.modules.losses.adversarial import (
    discriminator_loss,
    discriminator_terms,
    feature_matching_loss,
    generator_loss,
    generator_terms,
)


def outputs(*logits: list[float], weights: tuple[float, ...] = (1.0, 1.0)) -> list[DiscriminatorOutput]:
    return [
        DiscriminatorOutput(torch.tensor([values]), [], weight)
        for values, weight in zip(logits, weights, strict=True)
    ]


def maps(*features: list[list[float]], weights: tuple[float, ...] = (1.0, 1.0)) -> list[DiscriminatorOutput]:
    return [
        DiscriminatorOutput(
            torch.zeros(1, 1), [torch.tensor(own, requires_grad=True) for own in each], weight
        )
        for each, weight in zip(features, weights, strict=True)
    ]


def test_least_squares() -> None:
    real = outputs([1.0, 0.0], [3.0])  # (0 + 1) / 2 and 4
    fake = outputs([2.0, 0.0], [-1.0])  # (4 + 0) / 2 and 1
    assert float(discriminator_loss(real, fake)) == pytest.approx(0.5 + 4 + 2 + 1)
    assert float(generator_loss(fake)) == pytest.approx((1 + 1) / 2 + 4)


def test_hinge() -> None:
    real = outputs([1.5, 0.0], [-2.0])  # (0 + 1) / 2 and 3
    fake = outputs([-1.5, 0.0], [2.0])  # (0 + 1) / 2 and 3
    assert float(discriminator_loss(real, fake, "hinge")) == pytest.approx(0.5 + 3 + 0.5 + 3)
    assert float(generator_loss(fake, "hinge")) == pytest.approx(0.75 - 2)
    assert float(discriminator_loss(real, fake, "clipped_hinge")) == pytest.approx(7)
    assert float(generator_loss(fake, "clipped_hinge")) == pytest.approx((2.5 + 1) / 2 + 0)


def test_terms_are_averaged_over_discriminators_on_request() -> None:
    fake = outputs([2.0, 0.0], [-1.0])  # (1 + 1) / 2 and 4
    assert float(generator_loss(fake, reduction="mean")) == pytest.approx(2.5)
    matched = feature_matching_loss(maps([[1.0], [0.0]], [[1.0]]), maps([[2.0], [0.0]], [[3.0]]), "mean")
    assert matched.item() == pytest.approx(1.0)


def test_each_discriminator_has_its_weight() -> None:
    weights = (1.0, 0.1)
    real, fake = outputs([0.0], [0.0], weights=weights), outputs([1.0], [2.0], weights=weights)
    assert float(discriminator_loss(real, fake)) == pytest.approx(2 + 0.1 * (1 + 4))
    assert float(generator_loss(fake)) == pytest.approx(0.1)
    matched = feature_matching_loss(
        maps([[1.0]], [[1.0]], weights=weights), maps([[3.0]], [[5.0]], weights=weights)
    )
    assert matched.item() == pytest.approx(2 + 0.1 * 4)


def test_feature_matching_loss_trains_only_the_generated_side() -> None:
    real, fake = maps([[1.0, 2.0], [0.0]], [[5.0]]), maps([[2.0, 0.0], [0.5]], [[1.0]])
    loss = feature_matching_loss(real, fake)  # (1 + 2) / 2 + 0.5 + 4
    assert loss.item() == pytest.approx(6.0)
    loss.backward()
    assert real[0].features[0].grad is None
    assert fake[0].features[0].grad is not None


def test_unequal_numbers_of_maps_are_refused() -> None:
    with pytest.raises(ValueError):
        feature_matching_loss(maps([[0.0]], [[0.0]]), maps([[0.0], [0.0]], [[0.0]]))


def test_each_phases_terms_reach_only_its_network() -> None:
    scale = torch.tensor(2.0, requires_grad=True)

    def discriminator(wav: torch.Tensor, batches: Sequence[int] = ()) -> list[DiscriminatorOutput]:
        return [DiscriminatorOutput(scale * wav, [wav + 1, scale * wav])]

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

"""Least-squares adversarial losses and feature matching over any number of discriminators.

Terms are summed over the discriminators, as in HiFi-GAN (arXiv 2010.05646, section 2.4) and VITS, and
computed in float32.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn import functional as F


def discriminator_loss(real_logits: Sequence[Tensor], fake_logits: Sequence[Tensor]) -> Tensor:
    """What the discriminators minimise: real logits towards 1, generated ones towards 0.

    Args:
        real_logits, fake_logits: one tensor of any shape from each discriminator. Those of a generator's
            output must come from the detached waveform.
    """
    real = torch.stack([(1 - logits.float()).square().mean() for logits in real_logits])
    fake = torch.stack([logits.float().square().mean() for logits in fake_logits])
    return (real + fake).sum()


def generator_loss(fake_logits: Sequence[Tensor]) -> Tensor:
    """What the generator minimises: logits of its output towards 1."""
    return torch.stack([(1 - logits.float()).square().mean() for logits in fake_logits]).sum()


def feature_matching_loss(
    real_features: Sequence[Sequence[Tensor]], fake_features: Sequence[Sequence[Tensor]]
) -> Tensor:
    """Mean absolute difference of the discriminators' feature maps, summed over maps and discriminators.

    Args:
        real_features: the feature maps of each discriminator on recordings; no gradient flows into them.
        fake_features: those on the generator's output.
    """
    terms = [
        F.l1_loss(fake.float(), real.detach().float())
        for real_maps, fake_maps in zip(real_features, fake_features, strict=True)
        for real, fake in zip(real_maps, fake_maps, strict=True)
    ]
    return torch.stack(terms).sum()


Discriminator = Callable[[Tensor], tuple[Sequence[Tensor], Sequence[Sequence[Tensor]]]]
"""Waveforms (B, 1, T) to the logits and the lists of feature maps of any number of discriminators."""


def discriminator_terms(discriminator: Discriminator, real: Tensor, fake: Tensor) -> dict[str, Tensor]:
    """The one term of the discriminators' turn, `discriminator`; no gradient reaches what made `fake`."""
    real_logits, _ = discriminator(real)
    fake_logits, _ = discriminator(fake.detach())
    return {"discriminator": discriminator_loss(real_logits, fake_logits)}


def generator_terms(discriminator: Discriminator, real: Tensor, fake: Tensor) -> dict[str, Tensor]:
    """What discriminators tell the generator that made `fake`: `adversarial` and `feature_matching`."""
    with torch.no_grad():
        _, real_features = discriminator(real)
    fake_logits, fake_features = discriminator(fake)
    return {
        "adversarial": generator_loss(fake_logits),
        "feature_matching": feature_matching_loss(real_features, fake_features),
    }

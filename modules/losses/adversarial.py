"""Adversarial losses and feature matching over any number of discriminators.

Terms are summed over the discriminators, as in HiFi-GAN (arXiv 2010.05646, section 2.4) and VITS, or
averaged, as in EnCodec (arXiv 2210.13438, section 3.4). They are computed in float32.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from hiervox.modules.discriminators.stack import DiscriminatorOutput

Outputs = Sequence[DiscriminatorOutput]
Discriminator = Callable[..., Outputs]
"""Waveforms (B, 1, T) to the outputs of discriminators; called as `DiscriminatorEnsemble` is."""


class AdversarialLoss(NamedTuple):
    """How a discriminator's logits are penalised, value by value.

    Attributes:
        real, fake: what the discriminator minimises on recordings and on the generator's output.
        generator: what the generator minimises on its output.
    """

    real: Callable[[Tensor], Tensor]
    fake: Callable[[Tensor], Tensor]
    generator: Callable[[Tensor], Tensor]


LOSSES = {
    # LSGAN (arXiv 1611.04076, equation 9)
    "least_squares": AdversarialLoss(
        real=lambda logits: (1 - logits).square(),
        fake=lambda logits: logits.square(),
        generator=lambda logits: (1 - logits).square(),
    ),
    # Geometric GAN (arXiv 1705.02894); audiocraft's
    "hinge": AdversarialLoss(
        real=lambda logits: F.relu(1 - logits),
        fake=lambda logits: F.relu(1 + logits),
        generator=lambda logits: -logits,
    ),
    # SoundStream (arXiv 2107.03312, equations 1 and 2) and Vocos
    "clipped_hinge": AdversarialLoss(
        real=lambda logits: F.relu(1 - logits),
        fake=lambda logits: F.relu(1 + logits),
        generator=lambda logits: F.relu(1 - logits),
    ),
}


def discriminator_loss(
    real: Outputs, fake: Outputs, kind: str = "least_squares", reduction: str = "sum"
) -> Tensor:
    """What the discriminators minimise.

    Args:
        real, fake: their outputs; those on a generator's output must come from the detached waveform.
        kind: one of `LOSSES`.
        reduction: over the discriminators, `sum` or `mean`.
    """
    loss = LOSSES[kind]
    return _penalty(real, loss.real, reduction) + _penalty(fake, loss.fake, reduction)


def generator_loss(fake: Outputs, kind: str = "least_squares", reduction: str = "sum") -> Tensor:
    """What the generator minimises of the discriminators' outputs on what it made."""
    return _penalty(fake, LOSSES[kind].generator, reduction)


def _penalty(outputs: Outputs, penalty: Callable[[Tensor], Tensor], reduction: str) -> Tensor:
    return _reduced([output.weight * penalty(output.logits.float()).mean() for output in outputs], reduction)


def _reduced(terms: list[Tensor], reduction: str) -> Tensor:
    stacked = torch.stack(terms)
    return stacked.mean() if reduction == "mean" else stacked.sum()


def feature_matching_loss(real: Outputs, fake: Outputs, reduction: str = "sum") -> Tensor:
    """Mean absolute difference of the discriminators' feature maps.

    Args:
        real: outputs on recordings; no gradient flows into them.
        fake: outputs on what the generator made; items beyond those of `real` are left out.
        reduction: over all maps of all discriminators, `sum` or `mean`.
    """
    terms = [
        generated.weight * F.l1_loss(fake_map[: len(real_map)].float(), real_map.detach().float())
        for recorded, generated in zip(real, fake, strict=True)
        for real_map, fake_map in zip(recorded.features, generated.features, strict=True)
    ]
    return _reduced(terms, reduction)


def discriminator_terms(
    discriminator: Discriminator,
    real: Tensor,
    fake: Tensor,
    kind: str = "least_squares",
    reduction: str = "sum",
) -> dict[str, Tensor]:
    """The one term of the discriminators' phase, `discriminator`; no gradient reaches what made `fake`.

    Both go through the discriminators as one batch where they are of one length, so that a GPU has half as
    many operations to start.
    """
    if real.shape[1:] == fake.shape[1:]:
        both = discriminator(torch.cat([real, fake.detach()]), (len(real), len(fake)))
        on_real = [output.items(0, len(real)) for output in both]
        on_fake = [output.items(len(real), len(real) + len(fake)) for output in both]
    else:
        on_real, on_fake = list(discriminator(real)), list(discriminator(fake.detach()))
    return {"discriminator": discriminator_loss(on_real, on_fake, kind, reduction)}


def generator_terms(
    discriminator: Discriminator,
    real: Tensor,
    fake: Tensor,
    kind: str = "least_squares",
    reduction: str = "sum",
) -> dict[str, Tensor]:
    """What discriminators give the generator that made `fake`: `adversarial` and `feature_matching`."""
    with torch.no_grad():
        on_real = discriminator(real)
    on_fake = discriminator(fake)
    return {
        "adversarial": generator_loss(on_fake, kind, reduction),
        "feature_matching": feature_matching_loss(on_real, on_fake, reduction),
    }

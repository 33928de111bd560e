"""What every convolutional discriminator ends in: a stack whose every output is a feature map."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

LEAKY_SLOPE = 0.1
"""Of the leaky rectifiers, as in HiFi-GAN and the published HierSpeech++ code."""


class DiscriminatorOutput(NamedTuple):
    """What one discriminator makes of a waveform.

    Attributes:
        logits: (B, L); high where it takes the waveform for a recording.
        features: the feature maps of its layers.
        weight: of its terms in the losses.
    """

    logits: Tensor
    features: list[Tensor]
    weight: float = 1.0

    def items(self, first: int, last: int) -> DiscriminatorOutput:
        """What it makes of some items of the batch alone."""
        maps = [feature[first:last] for feature in self.features]
        return DiscriminatorOutput(self.logits[first:last], maps, self.weight)


class ConvolutionStack(nn.Module):
    """Convolutions with leaky rectifiers between, and one to a single channel at the end.

    Args:
        convs: all but the last.
        last: to one channel.
        slope: of the leaky rectifiers.
        logits_are_feature: the logits before flattening are the last feature map.
        first_is_feature: the first convolution's output is a feature map; Vocos leaves it out.
    """

    def __init__(
        self,
        convs: Iterable[nn.Module],
        last: nn.Module,
        slope: float = LEAKY_SLOPE,
        logits_are_feature: bool = True,
        first_is_feature: bool = True,
    ) -> None:
        super().__init__()
        self.convs = nn.ModuleList(convs)
        self.last = last
        self.slope = slope
        self.logits_are_feature = logits_are_feature
        self.first_feature = 0 if first_is_feature else 1

    def forward(self, x: Tensor) -> DiscriminatorOutput:
        """(B, C, …) → logits (B, L) and the feature maps."""
        features = []
        for conv in self.convs:
            x = F.leaky_relu(conv(x), self.slope)
            features.append(x)
        x = self.last(x)
        if self.logits_are_feature:
            features.append(x)
        return DiscriminatorOutput(torch.flatten(x, 1), features[self.first_feature :])


def apply_each(discriminators: Iterable[nn.Module], inputs: Iterable[Tensor]) -> list[DiscriminatorOutput]:
    """Each discriminator's output on its own input."""
    return [discriminator(x) for discriminator, x in zip(discriminators, inputs, strict=True)]

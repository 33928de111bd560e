"""What every convolutional discriminator ends in: a stack whose every output is a feature map."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

LEAKY_SLOPE = 0.1
"""Of the leaky rectifiers, as in HiFi-GAN and the published HierSpeech++ code."""

Judgement = tuple[list[Tensor], list[list[Tensor]]]
"""Logits, and lists of feature maps, of each discriminator."""


class ConvolutionStack(nn.Module):
    """Convolutions with leaky rectifiers between, and one to a single channel at the end.

    Args:
        convs: all but the last.
        last: to one channel.
        slope: of the leaky rectifiers.
        logits_are_feature: the logits before flattening are the last feature map.
    """

    def __init__(
        self,
        convs: Iterable[nn.Module],
        last: nn.Module,
        slope: float = LEAKY_SLOPE,
        logits_are_feature: bool = True,
    ) -> None:
        super().__init__()
        self.convs = nn.ModuleList(convs)
        self.last = last
        self.slope = slope
        self.logits_are_feature = logits_are_feature

    def forward(self, x: Tensor) -> tuple[Tensor, list[Tensor]]:
        """(B, C, …) → logits (B, L) and the feature maps."""
        features = []
        for conv in self.convs:
            x = F.leaky_relu(conv(x), self.slope)
            features.append(x)
        x = self.last(x)
        if self.logits_are_feature:
            features.append(x)
        return torch.flatten(x, 1), features


def judge(discriminators: Iterable[nn.Module], inputs: Iterable[Tensor]) -> Judgement:
    """Give each discriminator its input and collect what they return."""
    logits, features = [], []
    for discriminator, x in zip(discriminators, inputs, strict=True):
        own_logits, own_features = discriminator(x)
        logits.append(own_logits)
        features.append(own_features)
    return logits, features

"""Mean and standard deviation of a value over a corpus, counted while training reads it."""

from __future__ import annotations

import torch
from torch import Tensor, nn

OUTLIERS = 1.5
"""Interquartile ranges beyond the quartiles from where values are left out (ming024/FastSpeech2)."""
LEAST_STD = 1e-5
QUANTILE_VALUES = 2**24
"""torch.quantile takes no more."""


class RunningStatistics(nn.Module):
    """Normalises by the statistics of the batches so far, which stand in the state dict.

    Args:
        batches: after so many the statistics stay as they are; 0 for mean 0 and standard deviation 1.
    """

    mean: Tensor
    std: Tensor
    seen: Tensor

    def __init__(self, batches: int) -> None:
        super().__init__()
        self.batches = batches
        self.register_buffer("mean", torch.zeros(()))
        self.register_buffer("std", torch.ones(()))
        self.register_buffer("seen", torch.zeros(()))

    @torch.no_grad()
    def update(self, values: Tensor) -> None:
        """Count a batch's values (n,), outliers left out; nothing outside of training."""
        if not self.training or self.seen >= self.batches or values.numel() < 2:
            return
        values = values.float()
        low, high = torch.quantile(values[:QUANTILE_VALUES], values.new_tensor([0.25, 0.75]))
        margin = OUTLIERS * (high - low)
        kept = values[(values >= low - margin) & (values <= high + margin)]
        share = 1 / (self.seen + 1)
        square = self.std.square() + self.mean.square()
        if self.seen == 0:
            square = torch.zeros_like(square)
        mean = self.mean + share * (kept.mean() - self.mean)
        square = square + share * (kept.square().mean() - square)
        self.mean.copy_(mean)
        self.std.copy_((square - mean.square()).clamp_min(LEAST_STD**2).sqrt())
        self.seen.add_(1)

    def normalise(self, values: Tensor) -> Tensor:
        """Of any shape."""
        return (values - self.mean) / self.std

    def restore(self, normalised: Tensor) -> Tensor:
        """What `normalise` was given."""
        return normalised * self.std + self.mean

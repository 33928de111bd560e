"""Mean and standard deviation of a value over a corpus, counted while training reads it."""

from __future__ import annotations

from typing import Any

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
        self._count: int | None = None
        """`seen`, known without asking the device; None until it was asked."""

    @torch.no_grad()
    def update(self, values: Tensor) -> None:
        """Count a batch's values (n,), outliers left out; nothing outside of training."""
        if not self.training or values.numel() < 2:
            return
        if self._count is None:
            self._count = int(self.seen)
        if self._count >= self.batches:
            return
        self._count += 1
        values = values.float()
        low, high = torch.quantile(values[:QUANTILE_VALUES], values.new_tensor([0.25, 0.75]))
        margin = OUTLIERS * (high - low)
        kept = ((values >= low - margin) & (values <= high + margin)).to(values.dtype)
        values, count = values * kept, kept.sum()  # picking them out would wait for how many there are
        share = 1 / self._count
        square = self.std.square() + self.mean.square() if self._count > 1 else torch.zeros_like(self.mean)
        mean = self.mean + share * (values.sum() / count - self.mean)
        square = square + share * (values.square().sum() / count - square)
        self.mean.copy_(mean)
        self.std.copy_((square - mean.square()).clamp_min(LEAST_STD**2).sqrt())
        self.seen.add_(1)

    def _load_from_state_dict(self, *arguments: Any) -> None:
        super()._load_from_state_dict(*arguments)
        self._count = None

    def normalise(self, values: Tensor) -> Tensor:
        """Of any shape."""
        return (values - self.mean) / self.std

    def restore(self, normalised: Tensor) -> Tensor:
        """What `normalise` was given."""
        return normalised * self.std + self.mean

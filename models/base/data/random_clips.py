"""What is made up of a batch before its features are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor


@dataclass(frozen=True)
class RandomClips:
    """Clips of noise, all of one length, for `Feature.random`.

    Attributes:
        wav: (B, T) at the experiment's rate.
        frames, tokens: of each clip.
        model: the experiment's section of that name, which has the sizes of what the network takes.
        generator: of all values.
    """

    wav: Tensor
    frames: int
    tokens: int
    model: Any
    generator: torch.Generator

    def normal(self, *shape: int) -> Tensor:
        """(B, *shape) of mean 0 and deviation 1."""
        return torch.randn(len(self.wav), *shape, generator=self.generator)

    def integers(self, low: int, high: int, *shape: int) -> Tensor:
        """(B, *shape) from `low` to `high - 1`."""
        return torch.randint(low, high, (len(self.wav), *shape), generator=self.generator)

"""The moving average of a network's weights."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel


class GrowingAverage(AveragedModel):
    """An exponential moving average that forgets the first steps' weights sooner than `decay` would let it.

    Update n decays by (1 + n) / (10 + n), up to `decay` (the schedule of TensorFlow's
    `ExponentialMovingAverage` with `num_updates`), so that short runs have a use for averages, too. Buffers
    are the network's own.

    The number of updates is in the state dict; a copy is counted here, so that no update waits for a GPU.

    Args:
        network: whose weights are averaged; it is copied.
        decay: of late updates.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        super().__init__(network)
        self.decay = decay
        self._updates: int | None = None

    @torch.no_grad()
    def update_parameters(self, model: nn.Module) -> None:
        """Count in the present weights of a network; the first ones are taken as they are."""
        if self._updates is None:
            self._updates = int(self.n_averaged)
        averaged: list[Tensor] = list(self.module.parameters())
        present: list[Tensor] = list(model.parameters())
        if self._updates == 0:
            for own, given in zip(averaged, present, strict=True):
                own.copy_(given)
        else:
            weight = 1 - min(self.decay, (1 + self._updates) / (10 + self._updates))
            torch._foreach_lerp_(averaged, present, weight)
        for buffer, its in zip(self.module.buffers(), model.buffers(), strict=True):
            buffer.copy_(its)
        self.n_averaged.add_(1)
        self._updates += 1

    def _load_from_state_dict(self, *arguments: Any) -> None:
        self._updates = None
        super()._load_from_state_dict(*arguments)

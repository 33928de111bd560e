"""Layer normalisation of channel-first sequences."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


class ChannelLayerNorm(nn.Module):
    """Layer normalisation over the channels of (B, C, T)."""

    def __init__(self, channels: int, eps: float = 1e-5) -> None:
        super().__init__()
        self.eps = eps
        self.gamma = nn.Parameter(torch.ones(channels))
        self.beta = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, T) → (B, C, T)."""
        return functional.layer_norm(x.mT, self.gamma.shape, self.gamma, self.beta, self.eps).mT

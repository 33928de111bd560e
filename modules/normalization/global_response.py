"""Global response normalisation (ConvNeXt V2, arXiv 2301.00808, section 3.2)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

EPSILON = 1e-6


class GlobalResponseNorm(nn.Module):
    """Scales each channel by its 2-norm over the sequence, relative to the mean of all channels' norms.

    Args:
        channels: C.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.zeros(channels))
        self.beta = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor) -> Tensor:
        """(B, T, C) → (B, T, C)."""
        norms = torch.linalg.vector_norm(x, dim=1, keepdim=True)
        relative = norms / (norms.mean(dim=-1, keepdim=True) + EPSILON)
        return self.gamma * (x * relative) + self.beta + x

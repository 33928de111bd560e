"""Snake activations: periodic, and so apt for waveforms."""

from __future__ import annotations

import torch
from torch import Tensor, nn

# Keeps the division finite, as in BigVGAN's published code.
_EPSILON = 1e-9


class SnakeBeta(nn.Module):
    """x + sin²(αx) / β with α (frequency) and β (1 / magnitude) learned per channel on a log scale.

    Snake: Ziyin et al., arXiv 2006.08195. The β of its own is from BigVGAN's published code.

    Args:
        channels: C.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.alpha = nn.Parameter(torch.zeros(channels))
        self.beta = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, T) → (B, C, T)."""
        alpha = self.alpha.exp().unsqueeze(-1)
        magnitude = 1.0 / (self.beta.exp().unsqueeze(-1) + _EPSILON)
        phase = x * alpha
        if phase.requires_grad:
            return torch.addcmul(x, phase.sin().square(), magnitude)
        # Without gradients one buffer serves every step: on a CPU, memory traffic is what this costs.
        return torch.addcmul(x, phase.sin_().square_(), magnitude, out=phase)

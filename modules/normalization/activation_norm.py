"""Activation normalisation (Glow, arXiv 1807.03039, section 3.1)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

LEAST_VARIANCE = 1e-6  # the published Glow-TTS code


class ActivationNorm(nn.Module):
    """A scale and an offset for each channel, which the first training batch may set.

    Args:
        channels: C.

    Attributes:
        set_by_next_batch: whether the next pass in training mode sets scale and offset, if nothing else has
            by then, so that every channel of that batch comes out with mean 0 and variance 1.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.log_scale = nn.Parameter(torch.zeros(1, channels, 1))
        self.offset = nn.Parameter(torch.zeros(1, channels, 1))
        self.set_by_next_batch = False

    def forward(self, x: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """(B, C, T), mask (B, 1, T) → (B, C, T), masked, and the log-determinant (B,)."""
        if self.set_by_next_batch and self.training:
            self.set_by_next_batch = False
            if not (self.log_scale.any() or self.offset.any()):  # no checkpoint has set them
                self.set_by(x, mask)
        log_determinant = self.log_scale.float().sum() * mask.float().sum(dim=(1, 2))
        return (self.offset + self.log_scale.exp() * x) * mask, log_determinant

    def inverse(self, x: Tensor, mask: Tensor) -> Tensor:
        """(B, C, T), mask (B, 1, T) → (B, C, T), masked."""
        return (x - self.offset) * (-self.log_scale).exp() * mask

    @torch.no_grad()
    def set_by(self, x: Tensor, mask: Tensor) -> None:
        """Scale and offset that normalise x (B, C, T) where mask (B, 1, T) is 1, over all processes."""
        masked = x.float() * mask
        sums = torch.stack(
            [mask.float().sum().expand(x.shape[1]), masked.sum((0, 2)), masked.square().sum((0, 2))]
        )
        if torch.distributed.is_available() and torch.distributed.is_initialized():
            torch.distributed.all_reduce(sums)
        count, total, squares = sums
        mean = total / count
        variance = (squares / count - mean.square()).clamp_min(LEAST_VARIANCE)
        log_scale = -0.5 * variance.log()
        self.log_scale.copy_(log_scale[None, :, None])
        self.offset.copy_((-mean * log_scale.exp())[None, :, None])

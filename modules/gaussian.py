"""Draws from diagonal Gaussians over sequences."""

from __future__ import annotations

import torch
from torch import Tensor


def sample_gaussian(
    mean: Tensor,
    log_std: Tensor,
    mask: Tensor,
    noise_scale: float = 1.0,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Reparametrised draw, masked.

    Args:
        mean: (B, C, T).
        log_std: (B, C, T), natural logarithm of the standard deviation.
        mask: (B, 1, T).
        noise_scale: factor of the standard deviation; 0 gives the mean.
        generator: of the noise, on any device; torch's own where None.

    Returns:
        (B, C, T).
    """
    if noise_scale == 0:
        return mean * mask
    device = mean.device if generator is None else generator.device
    noise = torch.randn(mean.shape, generator=generator, device=device, dtype=mean.dtype).to(mean.device)
    return (mean + noise * torch.exp(log_std) * noise_scale) * mask

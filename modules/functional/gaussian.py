"""Draws from diagonal Gaussians over sequences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from hiervox.modules.functional.masking import mask_lengths

Noise = torch.Generator | Sequence[torch.Generator] | None
"""Where noise comes from: one generator for a batch, one for each item, or torch's own."""


@dataclass
class Latent:
    """A Gaussian over frames and a draw from it, (B, C, N) each, masked."""

    mean: Tensor
    log_std: Tensor
    z: Tensor


def sample_gaussian(
    mean: Tensor,
    log_std: Tensor,
    mask: Tensor,
    noise_scale: float = 1.0,
    generator: Noise = None,
    lengths: Sequence[int] | None = None,
) -> Tensor:
    """Reparametrised draw, masked.

    Args:
        mean: (B, C, T).
        log_std: (B, C, T), natural logarithm of the standard deviation.
        mask: (B, 1, T).
        noise_scale: factor of the standard deviation; 0 gives the mean.
        generator: of the noise, on any device; torch's own where None. With one for each item, an item's
            noise does not depend on the others or on padding, and is what its generator gives it alone.
        lengths: of the items, as `mask` has them; None reads them back from it, for which a GPU is waited.

    Returns:
        (B, C, T).
    """
    if noise_scale == 0:
        return mean * mask
    noise = _noise(mean, mask, generator, lengths)
    return (mean + noise * torch.exp(log_std) * noise_scale) * mask


def _noise(like: Tensor, mask: Tensor, generator: Noise, lengths: Sequence[int] | None) -> Tensor:
    """Standard normal (B, C, T); with a generator for each item, 0 on padding."""
    if generator is None or isinstance(generator, torch.Generator):
        device = like.device if generator is None else generator.device
        return torch.randn(like.shape, generator=generator, device=device, dtype=like.dtype).to(like.device)
    noise = torch.zeros_like(like)
    lengths = mask_lengths(mask).tolist() if lengths is None else lengths
    for item, (own, length) in enumerate(zip(generator, lengths, strict=True)):
        drawn = torch.randn((like.shape[1], length), generator=own, device=own.device, dtype=like.dtype)
        noise[item, :, :length] = drawn.to(like.device)
    return noise

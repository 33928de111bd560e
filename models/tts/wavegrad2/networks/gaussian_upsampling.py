"""Gaussian upsampling of tokens to frames (Non-Attentive Tacotron, arXiv 2010.04301, section 2.1)."""

from __future__ import annotations

import math

import torch
from torch import Tensor

LEAST_RANGE = 1e-6
"""Frames; keeps the logarithm finite."""


def gaussian_alignment(
    durations: Tensor, ranges: Tensor, mask: Tensor, positions: Tensor, epsilon: float = 0.0
) -> Tensor:
    """How much of each token every frame takes: Gaussians around the tokens' centres, normalised over tokens.

    Args:
        durations: (B, L), frames of each token, 0 on padding.
        ranges: (B, L), standard deviations in frames, positive.
        mask: (B, 1, L), 0 on tokens that weigh nothing.
        positions: (N,) or (B, N), where the frames stand; the first frame's middle is 0.5.
        epsilon: added to the sum by which densities are divided, so that frames far from any token get next
            to nothing, as in the open implementation of WaveGrad 2; 0 normalises in the logarithmic domain,
            where weights always sum to 1.

    Returns:
        (B, N, L).
    """
    centres = (durations.cumsum(1) - durations / 2).unsqueeze(1)
    spread = ranges.clamp_min(LEAST_RANGE).unsqueeze(1)
    positions = positions.expand(len(durations), -1).unsqueeze(2)
    logs = -0.5 * ((positions - centres) / spread).square() - spread.log() - 0.5 * math.log(2 * math.pi)
    logs = logs.masked_fill(mask == 0, -torch.inf)
    if not epsilon:
        return logs.softmax(dim=2)
    densities = logs.exp()
    return densities / (densities.sum(dim=2, keepdim=True) + epsilon)


def frame_positions(starts: Tensor, frames: int, offset: float = 0.5) -> Tensor:
    """Positions (B, frames) of consecutive frames from `starts` (B,) on.

    Args:
        starts: numbers of the first frames.
        frames: how many.
        offset: of a frame's middle; 0 places frames at their beginnings.
    """
    return starts.unsqueeze(1) + torch.arange(frames, device=starts.device) + offset

"""Alignment by the distance between texts and frames (Badlani et al., arXiv 2108.10447)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from hiervox.modules.functional.masking import mask_lengths


class DistanceAligner(nn.Module):
    """Log-attention of frames over tokens from the distance of what convolutions make of both.

    Args:
        channels: of the tokens' vectors, and inside.
        n_mels: of the frames.
    """

    def __init__(self, channels: int, n_mels: int) -> None:
        super().__init__()
        self.text = nn.Sequential(
            nn.Conv1d(channels, channels, 3, padding=1), nn.ReLU(), nn.Conv1d(channels, channels, 1)
        )
        self.frames = nn.Sequential(
            nn.Conv1d(n_mels, channels, 3, padding=1),
            nn.ReLU(),
            nn.Conv1d(channels, channels, 3, padding=1),
            nn.ReLU(),
            nn.Conv1d(channels, channels, 1),
        )

    def forward(self, hidden: Tensor, mel: Tensor, token_mask: Tensor, mask: Tensor) -> Tensor:
        """Log-attention with the prior of `beta_binomial_prior`.

        Args:
            hidden: (B, C, L).
            mel: (B, n_mels, N).
            token_mask: (B, 1, L).
            mask: (B, 1, N).

        Returns:
            (B, N, L), float32, very low on tokens of padding.
        """
        with torch.autocast(hidden.device.type, enabled=False):
            text, frames = self.text(hidden.float()), self.frames(mel.float())
            scores = -torch.cdist(frames.mT, text.mT, compute_mode="donot_use_mm_for_euclid_dist")
            scores = scores.masked_fill(token_mask == 0, LOWEST).log_softmax(2)
            return scores + beta_binomial_prior(mask, token_mask)


LOWEST = -1e4
"""Log of a probability of nothing; minus infinity has no gradient."""


def beta_binomial_prior(mask: Tensor, token_mask: Tensor) -> Tensor:
    """Log of the probability of each token in a frame before anything is seen: a band along the diagonal.

    Of N tokens, frame t of T (from 1) has token k (from 0) with the beta-binomial probability of k in N
    trials with t and T - t + 1, as published: the last of its N + 1 values is left out.

    Args:
        mask: (B, 1, N) of real frames.
        token_mask: (B, 1, L) of real tokens.

    Returns:
        (B, N, L), float32; very low on padding.
    """
    frame_lengths, token_lengths = mask_lengths(mask), mask_lengths(token_mask)
    k = torch.arange(token_mask.shape[2], device=mask.device, dtype=torch.float64)[None, None]
    t = torch.arange(1, mask.shape[2] + 1, device=mask.device, dtype=torch.float64)[None, :, None]
    trials, total = token_lengths.double()[:, None, None], frame_lengths.double()[:, None, None]
    inside = (k < trials) & (t <= total)
    k, t = torch.where(inside, k, 0.0), torch.where(inside, t, 1.0)
    first, second = t, total - t + 1
    choices = torch.lgamma(trials + 1) - torch.lgamma(k + 1) - torch.lgamma(trials - k + 1)
    prior = choices + _log_beta(k + first, trials - k + second) - _log_beta(first, second)
    return torch.where(inside, prior, LOWEST).float()


def _log_beta(first: Tensor, second: Tensor) -> Tensor:
    return torch.lgamma(first) + torch.lgamma(second) - torch.lgamma(first + second)

"""Guided attention: speech reads its text from left to right (arXiv 1710.08969, section 4)."""

from __future__ import annotations

import torch
from torch import Tensor

from hiervox.modules.losses.counts import real_count


def guided_attention(weights: Tensor, text_mask: Tensor, frame_mask: Tensor, width: float = 0.2) -> Tensor:
    """How much of the attention lies off the diagonal (eq. 6 and 7), from 0 to 1.

    Attention to anything but the text counts as off the diagonal, so that a head whose frames see other
    frames, too, learns to look at the text.

    Args:
        weights: (B, H, T, N) of T frames on N text tokens.
        text_mask: (B, 1, N).
        frame_mask: (B, 1, T).
        width: standard deviation of the diagonal band, as a share of the length; 0.2 in the paper.
    """
    text, frames = _places(text_mask), _places(frame_mask)
    distance = frames.unsqueeze(2) - text.unsqueeze(1)
    band = torch.exp(-(distance**2) / (2 * width**2)) * text_mask
    on_diagonal = (weights.float() * band.unsqueeze(1)).sum(3).mean(1)
    mask = frame_mask.squeeze(1)
    return ((1 - on_diagonal) * mask).sum() / real_count(mask)


def _places(mask: Tensor) -> Tensor:
    """(B, T), where in its sequence each position is, from 0 to 1."""
    lengths = mask.float().sum(2).clamp_min(1)
    return torch.arange(mask.shape[2], device=mask.device).float() / lengths

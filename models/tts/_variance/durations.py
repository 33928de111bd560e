"""Between tokens and frames by their durations (FastSpeech, arXiv 1905.09263, section 3.2)."""

from __future__ import annotations

import torch
from torch import Tensor


def expand_by_durations(tokens: Tensor, durations: Tensor, frames: int | None = None) -> Tensor:
    """Length regulation: each token's vector as often as it has frames.

    Args:
        tokens: (B, C, L).
        durations: (B, L) whole frames, 0 or more; 0 on padding.
        frames: length of the result; the longest item's where None.

    Returns:
        (B, C, frames), 0 behind the end of an item.
    """
    ends = durations.cumsum(1)
    size = int(ends[:, -1].max()) if frames is None else frames
    times = torch.arange(size, device=tokens.device).expand(len(tokens), -1).contiguous()
    places = torch.searchsorted(ends, times, right=True)
    inside = (times < ends[:, -1:]).unsqueeze(1)
    places = places.clamp_max(tokens.shape[2] - 1).unsqueeze(1).expand(-1, tokens.shape[1], -1)
    return tokens.gather(2, places) * inside


def gaussian_upsampling(
    tokens: Tensor, durations: Tensor, frames: int | None = None, sharpness: float = 0.1
) -> Tensor:
    """Each frame as a mean of the tokens, by a Gaussian around the middle of each (arXiv 2010.04301).

    Args:
        tokens: (B, C, L).
        durations: (B, L) whole frames, 0 or more; 0 on padding.
        frames: length of the result; the longest item's where None.
        sharpness: of the Gaussian, half the inverse variance in frames.

    Returns:
        (B, C, frames), 0 behind the end of an item.
    """
    ends = durations.cumsum(1)
    size = int(ends[:, -1].max()) if frames is None else frames
    times = torch.arange(size, device=tokens.device)
    middles = ends - durations / 2
    scores = -sharpness * (times[:, None] - middles[:, None]).square()
    scores = scores.masked_fill(durations[:, None] == 0, torch.finfo(scores.dtype).min)
    inside = (times < ends[:, -1:]).unsqueeze(1)
    return tokens @ scores.softmax(2).to(tokens.dtype).mT * inside


def mean_by_durations(frames: Tensor, durations: Tensor) -> Tensor:
    """The mean of each token's frames; 0 for a token without any.

    Args:
        frames: (B, C, N).
        durations: (B, L) whole frames; together N at most.

    Returns:
        (B, C, L), float32.
    """
    sums = torch.nn.functional.pad(frames.double().cumsum(2), (1, 0))
    ends = durations.cumsum(1).clamp_max(frames.shape[2])
    starts = torch.nn.functional.pad(ends[:, :-1], (1, 0))
    channels = frames.shape[1]
    total = sums.gather(2, ends.unsqueeze(1).expand(-1, channels, -1)) - sums.gather(
        2, starts.unsqueeze(1).expand(-1, channels, -1)
    )
    return (total / (ends - starts).clamp_min(1).unsqueeze(1)).float()

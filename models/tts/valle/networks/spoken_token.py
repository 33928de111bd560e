"""The token of the text that a position of codes speaks (after VALL-E R, arXiv 2406.07855)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

UNSAID = -1
"""The place of a position that is given no token."""


class SpokenText(nn.Module):
    """A convolution of the embedded text, which is read where speech is: many tokens are shorter than a
    position of codes.

    Args:
        channels: of input and output.
        kernel_size: odd; tokens that are seen.
    """

    def __init__(self, channels: int, kernel_size: int = 5) -> None:
        super().__init__()
        self.convolution = nn.Conv1d(channels, channels, kernel_size, padding=kernel_size // 2)

    def forward(self, text: Tensor, text_mask: Tensor) -> Tensor:
        """(B, L, channels), with its positions, and (B, 1, L) of what is not padding → (B, L, channels)."""
        convolved: Tensor = self.convolution(text.mT * text_mask)
        return convolved.mT


def tokens_at(spoken_text: Tensor, places: Tensor) -> Tensor:
    """What is spoken at each position.

    Args:
        spoken_text: (B, L, channels).
        places: (B, T) in it, or `UNSAID`.

    Returns:
        (B, T, channels), zero where nothing is said.
    """
    indices = places.clamp_min(0).unsqueeze(-1).expand(-1, -1, spoken_text.shape[2])
    return spoken_text.gather(1, indices) * (places != UNSAID).unsqueeze(-1)


def places_of(durations: Tensor, token_lengths: Tensor, frames: int) -> Tensor:
    """The place of the token that each frame speaks, in a text with a mark before it and one behind it.

    Args:
        durations: (B, L) frames of each token, 0 on padding.
        token_lengths: (B,), without the marks.
        frames: T.

    Returns:
        (B, T); behind the last token that of the mark.
    """
    ends = durations.cumsum(1)
    numbers = torch.arange(frames, device=durations.device).expand(len(durations), -1).contiguous()
    places = torch.searchsorted(ends, numbers, right=True) + 1
    return places.minimum(token_lengths.unsqueeze(1) + 1)

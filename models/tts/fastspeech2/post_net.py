"""The post-net: a convolutional correction of a spectrogram (Tacotron 2, arXiv 1712.05884, section 2.2)."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn


class PostNet(nn.Module):
    """Convolutions with batch norm, tanh after all but the last; the result is added to the input.

    Args:
        n_mels: of the spectrogram.
        channels: inside.
        kernel_size: odd.
        n_layers: two or more.
        dropout: after each layer, the last one too.
    """

    def __init__(
        self, n_mels: int, channels: int = 512, kernel_size: int = 5, n_layers: int = 5, dropout: float = 0.5
    ) -> None:
        super().__init__()
        widths = [n_mels, *[channels] * (n_layers - 1), n_mels]
        self.convs = nn.ModuleList(
            nn.Conv1d(first, second, kernel_size, padding=kernel_size // 2)
            for first, second in pairwise(widths)
        )
        self.norms = nn.ModuleList(nn.BatchNorm1d(width) for width in widths[1:])
        self.dropout = nn.Dropout(dropout)

    def forward(self, mel: Tensor, mask: Tensor | None = None) -> Tensor:
        """(B, n_mels, N), and what the convolutions see (B, 1, N), all where None → (B, n_mels, N)."""
        x = mel
        for number, (conv, norm) in enumerate(zip(self.convs, self.norms, strict=True), 1):
            x = norm(conv(x if mask is None else x * mask))
            x = self.dropout(x if number == len(self.convs) else torch.tanh(x))
        return mel + x

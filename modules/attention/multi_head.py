"""Multi-head attention with windowed relative positions (Shaw et al., arXiv 1803.02155), as in VITS."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

MASKED_SCORE = -1e4


class MultiHeadAttention(nn.Module):
    """Scaled dot-product attention over channel-first sequences.

    Args:
        channels: of the queries, of the keys and of the result.
        n_heads: divides `channels`.
        dropout: on the attention weights.
        window_size: largest distance that has its own key and value embedding, shared by the heads; None
            for attention without positions. Self-attention only.
        proximal_init: start with equal query and key projections.
    """

    def __init__(
        self,
        channels: int,
        n_heads: int,
        dropout: float = 0.0,
        window_size: int | None = None,
        proximal_init: bool = False,
    ) -> None:
        super().__init__()
        if channels % n_heads:
            raise ValueError(f"{channels} channels can't be shared by {n_heads} heads")
        self.n_heads = n_heads
        self.head_channels = channels // n_heads
        self.window_size = window_size
        self.query = nn.Conv1d(channels, channels, 1)
        self.key = nn.Conv1d(channels, channels, 1)
        self.value = nn.Conv1d(channels, channels, 1)
        self.output = nn.Conv1d(channels, channels, 1)
        self.dropout = nn.Dropout(dropout)
        if window_size is not None:
            shape = (1, 2 * window_size + 1, self.head_channels)
            self.relative_keys = nn.Parameter(torch.randn(shape) * self.head_channels**-0.5)
            self.relative_values = nn.Parameter(torch.randn(shape) * self.head_channels**-0.5)
        for projection in (self.query, self.key, self.value):
            nn.init.xavier_uniform_(projection.weight)
        if proximal_init:
            self.key.load_state_dict(self.query.state_dict())

    def forward(self, queries: Tensor, keys: Tensor, mask: Tensor | None = None) -> Tensor:
        """Attend from `queries` to `keys`, which are the values, too.

        Args:
            queries: (B, channels, T).
            keys: (B, channels, S).
            mask: (B, 1, S), 0 where the keys are padding; None where there is none.

        Returns:
            (B, channels, T); what padded queries get is meaningless, and the caller's to mask.
        """
        query = self._split(self.query(queries)) / math.sqrt(self.head_channels)
        key = self._split(self.key(keys))
        value = self._split(self.value(keys))
        scores = query @ key.mT
        if self.window_size is not None:
            distances = self._distances(queries.shape[-1], queries.device)
            by_distance = functional.pad(query @ self.relative_keys.mT, (1, 1))
            scores = scores + by_distance.gather(3, distances.expand_as(scores))
        if mask is not None:
            scores = scores.masked_fill(mask.unsqueeze(1) == 0, MASKED_SCORE)
        weights = self.dropout(scores.softmax(dim=-1))
        attended = weights @ value
        if self.window_size is not None:
            attended = attended + self._near_weights(weights) @ self.relative_values
        return self.output(attended.mT.flatten(1, 2))

    def _split(self, x: Tensor) -> Tensor:
        """(B, C, T) → (B, heads, T, C / heads)."""
        return x.unflatten(1, (self.n_heads, self.head_channels)).mT

    def _distances(self, length: int, device: torch.device) -> Tensor:
        """(T, T) index of key minus query position; first and last stand for all beyond the window."""
        assert self.window_size is not None
        positions = torch.arange(length, device=device)
        distances = positions[None, :] - positions[:, None]
        return distances.clamp(-self.window_size - 1, self.window_size + 1) + self.window_size + 1

    def _near_weights(self, weights: Tensor) -> Tensor:
        """(B, heads, T, T) → (B, heads, T, 2 * window_size + 1), weights inside the window by distance."""
        assert self.window_size is not None
        window = self.window_size
        positions = torch.arange(weights.shape[-1], device=weights.device)
        near = positions[:, None] + torch.arange(2 * window + 1, device=weights.device)
        return functional.pad(weights, (window, window)).gather(3, near.expand(*weights.shape[:3], -1))

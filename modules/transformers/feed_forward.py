"""The feed-forward transformer (FastSpeech, arXiv 1905.09263, section 3.1)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from hiervox.modules.encoders.sine_position import sine_table
from hiervox.modules.transformers.relative import RelativeTransformer


class FeedForwardTransformer(nn.Module):
    """A stack of feed-forward transformer blocks, of any length.

    Args:
        channels: of input and output, even.
        filter_channels, n_heads, n_layers: of each block.
        kernel_sizes: of the two convolutions of a block, odd.
        dropout: on both residual branches.
    """

    def __init__(
        self,
        channels: int,
        filter_channels: int,
        n_heads: int,
        n_layers: int,
        kernel_sizes: tuple[int, int],
        dropout: float,
    ) -> None:
        super().__init__()
        self.blocks = RelativeTransformer(
            channels,
            filter_channels,
            n_heads,
            n_layers,
            kernel_sizes[0],
            dropout,
            window_size=None,
            contract_kernel_size=kernel_sizes[1],
            inner_dropout=0.0,
        )

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """(B, channels, T) with mask (B, 1, T) → (B, channels, T), masked."""
        positions = torch.arange(x.shape[2], device=x.device)
        result: Tensor = self.blocks(x + sine_table(positions, x.shape[1]).to(x.dtype).T, mask)
        return result

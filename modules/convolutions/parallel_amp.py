"""AMP blocks of several kernel sizes side by side."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from hiervox.modules.convolutions.amp_block import AMPBlock


class ParallelAMPBlocks(nn.Module):
    """The mean of AMP blocks that see more or less of their input (multi-receptive-field fusion of HiFi-GAN).

    Args:
        channels: C.
        kernel_sizes: one block for each.
        dilations: of every block.

    Attributes:
        context: samples on either side that an output sample depends on.
    """

    def __init__(self, channels: int, kernel_sizes: Sequence[int], dilations: Sequence[int]) -> None:
        super().__init__()
        blocks = [AMPBlock(channels, kernel_size, dilations) for kernel_size in kernel_sizes]
        self.blocks = nn.ModuleList(blocks)
        self.context = max(block.context for block in blocks)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, T) → (B, C, T)."""
        total = self.blocks[0](x)
        for block in self.blocks[1:]:
            total = total + block(x)
        return total / len(self.blocks)

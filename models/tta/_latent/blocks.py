"""Two-dimensional blocks of the autoencoder and of the U-Net (arXiv 2112.10752)."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

SCALE = 2
"""Of a level to the next, in both axes."""


class ResidualBlock(nn.Module):
    """Group norm, SiLU and a 3 × 3 convolution, twice, with the step between and a skip connection.

    Args:
        inputs, outputs: channels.
        n_groups: of the normalisation.
        eps: of the normalisation.
        step_channels: of the vector of the diffusion's step; None where there is none.
    """

    def __init__(
        self, inputs: int, outputs: int, *, n_groups: int, eps: float, step_channels: int | None = None
    ) -> None:
        super().__init__()
        self.norm1 = nn.GroupNorm(n_groups, inputs, eps)
        self.conv1 = nn.Conv2d(inputs, outputs, 3, padding=1)
        self.step = None if step_channels is None else nn.Linear(step_channels, outputs)
        self.norm2 = nn.GroupNorm(n_groups, outputs, eps)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1)
        self.skip = nn.Conv2d(inputs, outputs, 1) if inputs != outputs else nn.Identity()

    def forward(self, x: Tensor, step: Tensor | None = None) -> Tensor:
        """(B, inputs, M, N), step (B, step_channels) → (B, outputs, M, N)."""
        hidden = self.conv1(functional.silu(self.norm1(x)))
        if self.step is not None and step is not None:
            hidden = hidden + self.step(functional.silu(step))[:, :, None, None]
        added: Tensor = self.skip(x) + self.conv2(functional.silu(self.norm2(hidden)))
        return added


class Upsample(nn.Module):
    """Nearest neighbours, twice as many in both axes, and a 3 × 3 convolution.

    Args:
        channels: of input and output.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, M, N) → (B, C, 2 M, 2 N)."""
        upsampled: Tensor = self.conv(functional.interpolate(x, scale_factor=float(SCALE)))
        return upsampled

"""Mixing channels by an invertible matrix (Glow, arXiv 1807.03039, section 3.2)."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class InvertibleConvolution(nn.Module):
    """A 1x1 convolution without bias that starts as a rotation.

    Args:
        channels: C.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        matrix, _ = torch.linalg.qr(torch.randn(channels, channels, device="cpu"))
        if torch.det(matrix) < 0:
            matrix = torch.cat([-matrix[:, :1], matrix[:, 1:]], dim=1)
        self.matrix = nn.Parameter(matrix)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """(B, C, T) → (B, C, T) and the log determinant of the matrix, which counts for every step of T."""
        return self.matrix @ x, torch.linalg.slogdet(self.matrix.float()).logabsdet

    def inverse(self, x: Tensor) -> Tensor:
        """(B, C, T) → (B, C, T)."""
        return torch.linalg.solve(self.matrix.float(), x.float()).to(x.dtype)

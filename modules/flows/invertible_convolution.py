"""Mixing channels by an invertible matrix (Glow, arXiv 1807.03039, section 3.2)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from hiervox.utils.errors import CheckpointError


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
        """(B, C, T) → (B, C, T).

        Raises:
            CheckpointError: the matrix is singular.
        """
        try:
            return torch.linalg.solve(self.matrix.float(), x.float()).to(x.dtype)
        except torch.linalg.LinAlgError as error:
            raise CheckpointError("a flow's matrix can't be inverted", "use an earlier checkpoint") from error


class GroupedInvertibleConvolution(nn.Module):
    """One small invertible matrix for groups of channels, half of each from either half of them.

    So a coupling's kept and changed channels mix (Glow-TTS, arXiv 2005.11129, appendix A.1).

    Args:
        group: channels of a group, even; divides the channels.
    """

    def __init__(self, group: int) -> None:
        super().__init__()
        if group % 2:
            raise ValueError(f"group must be even, not {group}")
        self.group = group
        self.mixer = InvertibleConvolution(group)

    def forward(self, x: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """(B, C, T), mask (B, 1, T) → (B, C, T), masked, and the log-determinant (B,)."""
        mixed, log_determinant = self.mixer(self._grouped(x))
        steps = mask.float().sum(dim=(1, 2)) * (x.shape[1] // self.group)
        return self._ungrouped(mixed, x.shape[2]) * mask, log_determinant * steps

    def inverse(self, x: Tensor, mask: Tensor) -> Tensor:
        """(B, C, T), mask (B, 1, T) → (B, C, T), masked."""
        return self._ungrouped(self.mixer.inverse(self._grouped(x)), x.shape[2]) * mask

    def _grouped(self, x: Tensor) -> Tensor:
        """(B, C, T) → (B, group, C / group * T); channel (half, group, place) goes to (half, place)."""
        parts = x.unflatten(1, (2, -1, self.group // 2))
        return parts.transpose(2, 3).flatten(1, 2).flatten(2)

    def _ungrouped(self, x: Tensor, steps: int) -> Tensor:
        parts = x.unflatten(2, (-1, steps)).unflatten(1, (2, -1))
        return parts.transpose(2, 3).flatten(1, 3)

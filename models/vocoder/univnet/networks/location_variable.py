"""Convolutions whose kernels a network predicts for every frame (LVCNet, arXiv 2102.10815)."""

from __future__ import annotations

import math
from typing import NamedTuple

from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.parametrizations import weight_norm


class KernelShape(NamedTuple):
    """Of the kernels that are predicted at once.

    Attributes:
        n_layers: how many convolutions.
        in_channels, out_channels, kernel_size: of each.
    """

    n_layers: int
    in_channels: int
    out_channels: int
    kernel_size: int


class KernelPredictor(nn.Module):
    """A small residual network from a condition to the kernels of some layers.

    Args:
        condition_channels: of the input.
        shape: of what is predicted.
        hidden_channels: inside.
        slope: of the leaky rectifiers.

    Attributes:
        context: frames on either side that a kernel depends on.
    """

    n_blocks = 3
    inner_kernel = 3
    input_kernel = 5

    def __init__(
        self,
        condition_channels: int,
        shape: KernelShape,
        *,
        hidden_channels: int = 64,
        slope: float = 0.1,
    ) -> None:
        super().__init__()
        self.shape = shape
        self.slope = slope
        self.input = _conv(condition_channels, hidden_channels, self.input_kernel)
        self.first_convs = nn.ModuleList(self._inner(hidden_channels) for _ in range(self.n_blocks))
        self.second_convs = nn.ModuleList(self._inner(hidden_channels) for _ in range(self.n_blocks))
        weights = math.prod(shape)
        self.kernels = _conv(hidden_channels, weights, self.inner_kernel)
        self.biases = _conv(hidden_channels, shape.n_layers * shape.out_channels, self.inner_kernel)
        self.context = self.input_kernel // 2 + (2 * self.n_blocks + 1) * (self.inner_kernel // 2)

    def _inner(self, channels: int) -> nn.Module:
        return _conv(channels, channels, self.inner_kernel)

    def forward(self, condition: Tensor) -> tuple[Tensor, Tensor]:
        """(B, condition_channels, N) → kernels (B, layers, in, out, k, N) and biases (B, layers, out, N)."""
        x = functional.leaky_relu(self.input(condition), self.slope)
        for first, second in zip(self.first_convs, self.second_convs, strict=True):
            hidden = functional.leaky_relu(first(x), self.slope)
            x = x + functional.leaky_relu(second(hidden), self.slope)
        layers, _, outputs, _ = self.shape
        return self.kernels(x).unflatten(1, self.shape), self.biases(x).unflatten(1, (layers, outputs))


def location_variable_conv(x: Tensor, kernels: Tensor, biases: Tensor) -> Tensor:
    """Convolve each frame's samples, and those beside it that the kernel reaches, with its own kernel.

    Args:
        x: (B, in, hop * N).
        kernels: (B, in, out, kernel, N), kernel odd.
        biases: (B, out, N).

    Returns:
        (B, out, hop * N).
    """
    batch, inputs, outputs, kernel_size, frames = kernels.shape
    hop = x.shape[-1] // frames
    padding = kernel_size // 2
    windows = functional.pad(x, (padding, padding)).unfold(2, hop + 2 * padding, hop)  # (B, in, N, hop + 2p)
    columns = windows.unfold(3, kernel_size, 1)  # (B, in, N, hop, kernel)
    columns = columns.permute(0, 2, 1, 4, 3).reshape(batch * frames, inputs * kernel_size, hop)
    weights = kernels.permute(0, 4, 2, 1, 3).reshape(batch * frames, outputs, inputs * kernel_size)
    out = (weights @ columns).view(batch, frames, outputs, hop) + biases.mT.unsqueeze(-1)
    return out.transpose(1, 2).reshape(batch, outputs, frames * hop)


def _conv(inputs: int, outputs: int, kernel_size: int) -> nn.Module:
    return weight_norm(nn.Conv1d(inputs, outputs, kernel_size, padding=kernel_size // 2))

"""The residual layer of DiffWave (arXiv 2009.09761, section 3), and its initialisation."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn


def kaiming_convolution(inputs: int, outputs: int, kernel_size: int = 1, dilation: int = 1) -> nn.Conv1d:
    """A convolution that keeps the length, with DiffWave's initial weights."""
    padding = dilation * (kernel_size // 2)
    convolution = nn.Conv1d(inputs, outputs, kernel_size, dilation=dilation, padding=padding)
    nn.init.kaiming_normal_(convolution.weight)
    return convolution


class GatedLayer(nn.Module):
    """A gated dilated convolution that the diffusion step and a condition enter.

    Args:
        channels: of what goes through.
        dilation: of the convolution, whose kernel is 3.
        step_channels: of the step's vector; None for one of `channels` that is added as it is.
        condition_channels: of the condition.
    """

    def __init__(
        self, channels: int, dilation: int, *, step_channels: int | None, condition_channels: int
    ) -> None:
        super().__init__()
        self.step = nn.Identity() if step_channels is None else nn.Linear(step_channels, channels)
        self.dilated = kaiming_convolution(channels, 2 * channels, 3, dilation)
        self.condition = kaiming_convolution(condition_channels, 2 * channels)
        self.output = kaiming_convolution(channels, 2 * channels)

    def forward(
        self, x: Tensor, step: Tensor, condition: Tensor, mask: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """One layer.

        Args:
            x: (B, channels, T).
            step: (B, step_channels).
            condition: (B, condition_channels, T).
            mask: (B, 1, T), of what the convolutions see; None where nothing is padded.

        Returns:
            what goes on and what is skipped out, (B, channels, T) each, unmasked.
        """
        entering = x + self.step(step).unsqueeze(-1)
        hidden = self.dilated(entering if mask is None else entering * mask) + self.condition(condition)
        gate, signal = hidden.chunk(2, dim=1)
        gated = self.gated(gate, signal)
        residual, skip = self.output(gated if mask is None else gated * mask).chunk(2, dim=1)
        return (x + residual) / math.sqrt(2), skip

    def gated(self, gate: Tensor, signal: Tensor) -> Tensor:
        """(B, channels, T) each → the same."""
        return torch.sigmoid(gate) * torch.tanh(signal)

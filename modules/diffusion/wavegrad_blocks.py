"""WaveGrad's blocks (arXiv 2009.00713, section 3.2 and figure 2): resizing, convolutions, modulation."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

SLOPE = 0.2
LEVEL_SCALE = 5000.0
"""The noise level's factor before its sinusoids (section 3.1)."""
DOWN_DILATIONS = (1, 2, 4)

Interpolation = Literal["nearest", "linear"]
"""How features are brought to another rate; `linear` is that of the open implementations."""


class FeatureModulation(nn.Module):
    """The waveform's features and the noise level to a scale and a shift (FiLM, section 3.2)."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.input = conv(inputs, inputs, 3)
        self.output = conv(inputs, 2 * outputs, 3)
        exponents = torch.arange(-(-inputs // 2), device="cpu") / max(1, inputs // 2)
        self.register_buffer("frequencies", 1e-4**exponents, persistent=False)

    frequencies: Tensor

    def forward(self, x: Tensor, level: Tensor) -> tuple[Tensor, Tensor]:
        """(B, inputs, T), √ᾱ (B,) → scale and shift, (B, outputs, T) each."""
        angles = LEVEL_SCALE * level.unsqueeze(1) * self.frequencies
        encoding = torch.cat([angles.sin(), angles.cos()], dim=1)[:, : x.shape[1]]
        hidden = functional.leaky_relu(self.input(x), SLOPE) + encoding.unsqueeze(-1)
        scale, shift = self.output(hidden).chunk(2, dim=1)
        return scale, shift


class DownsamplingBlock(nn.Module):
    """The noisy waveform's features at a lower rate, with a residual connection.

    Args:
        inputs, outputs: channels.
        rate: by which the length is divided; 1 keeps it.
        interpolation: how.
    """

    def __init__(
        self, inputs: int, outputs: int, rate: int, interpolation: Interpolation = "nearest"
    ) -> None:
        super().__init__()
        self.rate, self.interpolation = rate, interpolation
        self.residual = conv(inputs, outputs, 1)
        channels = (inputs, outputs, outputs)
        self.convs = nn.ModuleList(
            conv(before, outputs, 3, dilation)
            for before, dilation in zip(channels, DOWN_DILATIONS, strict=True)
        )

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, rate * T) → (B, outputs, T)."""
        out = _downsampled(x, self.rate, self.interpolation)
        residual = self.residual(out)
        for layer in self.convs:
            out = layer(functional.leaky_relu(out, SLOPE))
        return out + residual


class UpsamplingBlock(nn.Module):
    """Features at a higher rate; behind each pair of convolutions the modulation enters.

    Args:
        inputs, outputs: channels.
        rate: by which the length is multiplied; 1 keeps it.
        dilations: of the four convolutions.
        interpolation: how.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        rate: int,
        dilations: tuple[int, ...],
        interpolation: Interpolation = "nearest",
    ) -> None:
        super().__init__()
        self.rate, self.interpolation = rate, interpolation
        self.residual = conv(inputs, outputs, 1)
        channels = (inputs, outputs, outputs, outputs)
        self.convs = nn.ModuleList(
            conv(before, outputs, 3, dilation) for before, dilation in zip(channels, dilations, strict=True)
        )

    def forward(self, x: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
        """(B, inputs, T), modulation (B, outputs, rate * T) → (B, outputs, rate * T)."""
        first, second, third, fourth = self.convs
        residual = _upsampled(self.residual(x), self.rate, self.interpolation)
        hidden = _upsampled(functional.leaky_relu(x, SLOPE), self.rate, self.interpolation)
        hidden = scale * first(hidden) + shift
        out = residual + second(functional.leaky_relu(hidden, SLOPE))
        hidden = third(functional.leaky_relu(scale * out + shift, SLOPE))
        modulated = functional.leaky_relu(scale * hidden + shift, SLOPE)
        result: Tensor = out + fourth(modulated)
        return result


def conv(inputs: int, outputs: int, kernel_size: int, dilation: int = 1) -> nn.Conv1d:
    """A convolution that keeps the length; its weights start orthogonal, its bias at 0."""
    layer = nn.Conv1d(inputs, outputs, kernel_size, dilation=dilation, padding=dilation * (kernel_size // 2))
    nn.init.orthogonal_(layer.weight)
    nn.init.zeros_(layer.bias)  # type: ignore[arg-type]
    return layer


def _upsampled(x: Tensor, rate: int, interpolation: Interpolation) -> Tensor:
    """(B, C, T) → (B, C, rate * T)."""
    if rate == 1:
        return x
    if interpolation == "nearest":
        return x.repeat_interleave(rate, dim=2)
    return functional.interpolate(x, x.shape[2] * rate, mode="linear", align_corners=False)


def _downsampled(x: Tensor, rate: int, interpolation: Interpolation) -> Tensor:
    """(B, C, rate * T) → (B, C, T)."""
    if rate == 1 or interpolation == "nearest":
        return x[..., ::rate]
    return functional.interpolate(x, x.shape[2] // rate, mode="linear", align_corners=False)

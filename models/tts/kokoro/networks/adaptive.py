"""Layers that a style vector steers (StyleTTS 2, arXiv 2306.07691; AdaIN, arXiv 1703.06868)."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn import functional

from hiervox.modules.activations.snake import Snake

SLOPE = 0.2
"""Of the leaky ReLUs."""


class AdaptiveInstanceNorm(nn.Module):
    """Instance normalisation over time, whose scale and offset come from a style vector.

    Args:
        channels: C.
        style_channels: S.
    """

    def __init__(self, channels: int, style_channels: int) -> None:
        super().__init__()
        self.norm = nn.InstanceNorm1d(channels, affine=True)
        self.style = nn.Linear(style_channels, 2 * channels)

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        """(B, C, T), style (B, S) → (B, C, T)."""
        scale, offset = self.style(style).unsqueeze(2).chunk(2, dim=1)
        normed: Tensor = (1 + scale) * self.norm(x) + offset
        return normed


class AdaptiveLayerNorm(nn.Module):
    """Layer normalisation, whose scale and offset come from a style vector.

    Args:
        channels: C.
        style_channels: S.
    """

    def __init__(self, channels: int, style_channels: int) -> None:
        super().__init__()
        self.style = nn.Linear(style_channels, 2 * channels)

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        """(B, T, C), style (B, S) → (B, T, C)."""
        scale, offset = self.style(style).unsqueeze(1).chunk(2, dim=2)
        return (1 + scale) * functional.layer_norm(x, x.shape[-1:]) + offset


class AdaptiveBlock(nn.Module):
    """Two convolutions, each behind an adaptive norm and a leaky ReLU, and a shortcut.

    Args:
        inputs, outputs: channels.
        style_channels: S.
        upsample: whether time is doubled.
    """

    def __init__(self, inputs: int, outputs: int, style_channels: int, *, upsample: bool = False) -> None:
        super().__init__()
        self.first_norm = AdaptiveInstanceNorm(inputs, style_channels)
        self.first = nn.Conv1d(inputs, outputs, 3, padding=1)
        self.second_norm = AdaptiveInstanceNorm(outputs, style_channels)
        self.second = nn.Conv1d(outputs, outputs, 3, padding=1)
        self.shortcut = nn.Conv1d(inputs, outputs, 1, bias=False) if inputs != outputs else None
        self.upsample = (
            nn.ConvTranspose1d(inputs, inputs, 3, stride=2, groups=inputs, padding=1, output_padding=1)
            if upsample
            else None
        )

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        """(B, inputs, T), style (B, S) → (B, outputs, T), or 2 T."""
        hidden = functional.leaky_relu(self.first_norm(x, style), SLOPE)
        if self.upsample is not None:
            hidden, x = self.upsample(hidden), x.repeat_interleave(2, dim=2)
        hidden = self.first(hidden)
        hidden = self.second(functional.leaky_relu(self.second_norm(hidden, style), SLOPE))
        if self.shortcut is not None:
            x = self.shortcut(x)
        return (hidden + x) * 0.5**0.5


class SnakeInstanceNorm(nn.Module):
    """Adaptive instance norm and Snake.

    Args:
        channels: C.
        style_channels: S.
    """

    def __init__(self, channels: int, style_channels: int) -> None:
        super().__init__()
        self.norm = AdaptiveInstanceNorm(channels, style_channels)
        self.snake = Snake(channels)

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        """(B, C, T), style (B, S) → (B, C, T)."""
        activated: Tensor = self.snake(self.norm(x, style))
        return activated


class AdaptiveSnakeBlock(nn.Module):
    """HiFi-GAN's residual block with adaptive norms and Snake.

    Args:
        channels: C.
        kernel_size: odd.
        dilations: of the first convolution of each pair.
        style_channels: S.
    """

    def __init__(
        self, channels: int, kernel_size: int, dilations: Sequence[int], style_channels: int
    ) -> None:
        super().__init__()
        self.dilated_norms = nn.ModuleList(SnakeInstanceNorm(channels, style_channels) for _ in dilations)
        self.dilated_convs = nn.ModuleList(
            nn.Conv1d(channels, channels, kernel_size, dilation=d, padding=d * (kernel_size - 1) // 2)
            for d in dilations
        )
        self.plain_norms = nn.ModuleList(SnakeInstanceNorm(channels, style_channels) for _ in dilations)
        self.plain_convs = nn.ModuleList(
            nn.Conv1d(channels, channels, kernel_size, padding=kernel_size // 2) for _ in dilations
        )

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        """(B, C, T), style (B, S) → (B, C, T)."""
        for dilated_norm, dilated, plain_norm, plain in zip(
            self.dilated_norms, self.dilated_convs, self.plain_norms, self.plain_convs, strict=True
        ):
            x = x + plain(plain_norm(dilated(dilated_norm(x, style)), style))
        return x

"""F0 from semantic vectors (HierSpeech++, arXiv 2311.12454, section 3.3)."""

from __future__ import annotations

from math import prod

from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import weight_norm

# Sizes of the published code: HiFi-GAN's residual blocks (arXiv 2010.05646) behind each upsampling.
UPSAMPLE_RATES = (2, 2)
F0_PER_FRAME = prod(UPSAMPLE_RATES)  # 50 to 200 frames/s
RESIDUAL_KERNEL_SIZES = (3, 5, 7)
RESIDUAL_DILATIONS = (1, 3, 5)
OUTER_KERNEL_SIZE = 7
SLOPE = 0.1
LAST_SLOPE = 0.01


class ResidualConvs(nn.Module):
    """Pairs of a dilated and a plain convolution, each pair with a residual connection."""

    def __init__(self, channels: int, kernel_size: int) -> None:
        super().__init__()
        self.dilated = nn.ModuleList(
            _conv(channels, kernel_size, dilation) for dilation in RESIDUAL_DILATIONS
        )
        self.plain = nn.ModuleList(_conv(channels, kernel_size, 1) for _ in RESIDUAL_DILATIONS)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """(B, C, T) and (B, 1, T) to (B, C, T)."""
        for dilated, plain in zip(self.dilated, self.plain, strict=True):
            hidden = dilated(F.leaky_relu(x, SLOPE) * mask)
            x = x + plain(F.leaky_relu(hidden, SLOPE) * mask)
        return x


def _conv(channels: int, kernel_size: int, dilation: int) -> nn.Module:
    padding = dilation * (kernel_size - 1) // 2
    return weight_norm(nn.Conv1d(channels, channels, kernel_size, dilation=dilation, padding=padding))


class LogF0Predictor(nn.Module):
    """What predicts log(F0 + 1) of (semantic vectors, mask, style)."""


class PitchPredictor(LogF0Predictor):
    """Convolutions that upsample semantic vectors to a log-F0 curve four times as dense.

    Args:
        semantic_channels: of the semantic vectors.
        channels: before the first upsampling; each upsampling halves them.
        style_channels: of the style vector.
    """

    def __init__(self, semantic_channels: int, channels: int, style_channels: int) -> None:
        super().__init__()
        outer_padding = OUTER_KERNEL_SIZE // 2
        self.pre = nn.Conv1d(semantic_channels, channels, OUTER_KERNEL_SIZE, padding=outer_padding)
        self.style_projection = nn.Conv1d(style_channels, channels, 1)
        self.upsamplers = nn.ModuleList()
        self.residuals = nn.ModuleList()
        for rate in UPSAMPLE_RATES:
            self.upsamplers.append(
                weight_norm(nn.ConvTranspose1d(channels, channels // 2, 2 * rate, rate, padding=rate // 2))
            )
            channels //= 2
            self.residuals.append(
                nn.ModuleList(ResidualConvs(channels, size) for size in RESIDUAL_KERNEL_SIZES)
            )
        self.post = nn.Conv1d(channels, 1, OUTER_KERNEL_SIZE, padding=outer_padding, bias=False)

    def forward(self, semantic: Tensor, mask: Tensor, style: Tensor) -> Tensor:
        """Predict log(F0 + 1), F0 in Hz, 0 where unvoiced.

        The published code doesn't mask; masking here keeps padding from reaching real frames.

        Args:
            semantic: (B, semantic_channels, T) at 50 frames/s.
            mask: (B, 1, T).
            style: (B, style_channels, 1).

        Returns:
            (B, 1, 4 T) at 200 frames/s.
        """
        x = self.pre(semantic * mask) + self.style_projection(style)
        for rate, upsampler, residuals in zip(UPSAMPLE_RATES, self.upsamplers, self.residuals, strict=True):
            x = upsampler(F.leaky_relu(x, SLOPE) * mask)
            mask = mask.repeat_interleave(rate, dim=2)
            assert isinstance(residuals, nn.ModuleList)
            x = sum(residual(x, mask) for residual in residuals) / len(residuals)
        return self.post(F.leaky_relu(x, LAST_SLOPE) * mask) * mask

"""The vector quantiser of F0 contours (Speech Resynthesis, arXiv 2104.00355, section 2.2)."""

from __future__ import annotations

from typing import NamedTuple

import torch
from pydantic import Field, PositiveInt
from torch import Tensor, nn
from torch.nn import functional

from hiervox.modules.quantization.codebook import EMACodebook
from hiervox.utils.schema import Sizes

STRIDE = 2
"""Of each level."""
DILATION_GROWTH = 3
"""From one residual convolution of a level to the next."""


class F0QuantizerSizes(Sizes):
    """Sizes of `F0Quantizer`.

    Attributes:
        channels: of the levels.
        n_levels: of stride 2.
        n_residual: convolutions of a level.
        n_entries, dimension: of the codebook.
        decay: of the entries' moving average.
        least_usage: an entry to which fewer vectors belong on average is replaced.
    """

    channels: PositiveInt = 32
    n_levels: PositiveInt = 4
    n_residual: PositiveInt = 4
    n_entries: PositiveInt = 20
    dimension: PositiveInt = 128
    decay: float = Field(0.99, gt=0, lt=1)
    least_usage: float = Field(1.0, ge=0)

    @property
    def ratio(self) -> int:
        """Values of F0 to a code."""
        return int(STRIDE**self.n_levels)


class QuantizedF0(NamedTuple):
    """What a training pass makes.

    Attributes:
        f0: (B, T), decoded.
        codes: (B, T / ratio).
        commitment: scalar, mean squared distance of the encoder's vectors from their entries.
    """

    f0: Tensor
    codes: Tensor
    commitment: Tensor


class ResidualStack(nn.Sequential):
    """Residual dilated convolutions."""

    def __init__(self, channels: int, depth: int) -> None:
        super().__init__(*(ResidualConvolution(channels, DILATION_GROWTH**layer) for layer in range(depth)))


class ResidualConvolution(nn.Module):
    """A dilated convolution and a point-wise one, each after a ReLU."""

    def __init__(self, channels: int, dilation: int) -> None:
        super().__init__()
        self.dilated = nn.Conv1d(channels, channels, 3, padding=dilation, dilation=dilation)
        self.pointwise = nn.Conv1d(channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(B, channels, T) → (B, channels, T)."""
        hidden = functional.relu(self.dilated(functional.relu(x)))
        result: Tensor = x + self.pointwise(hidden)
        return result


class F0Quantizer(nn.Module):
    """An utterance's normalised F0 to codes and back.

    Args:
        sizes: see `F0QuantizerSizes`.
    """

    def __init__(self, sizes: F0QuantizerSizes) -> None:
        super().__init__()
        self.sizes = sizes
        channels, levels = sizes.channels, range(sizes.n_levels)
        self.encoder = nn.Sequential(
            *(
                nn.Sequential(
                    nn.Conv1d(channels if level else 1, channels, 2 * STRIDE, STRIDE, STRIDE // 2),
                    ResidualStack(channels, sizes.n_residual),
                )
                for level in levels
            ),
            nn.Conv1d(channels, sizes.dimension, 3, padding=1),
        )
        self.codebook = EMACodebook(
            sizes.n_entries, sizes.dimension, decay=sizes.decay, least_usage=sizes.least_usage
        )
        self.decoder = nn.Sequential(
            nn.Conv1d(sizes.dimension, channels, 3, padding=1),
            *(
                nn.Sequential(
                    ResidualStack(channels, sizes.n_residual),
                    nn.ConvTranspose1d(
                        channels,
                        channels if level + 1 < sizes.n_levels else sizes.dimension,
                        2 * STRIDE,
                        STRIDE,
                        STRIDE // 2,
                    ),
                )
                for level in levels
            ),
        )
        self.output = nn.Conv1d(sizes.dimension, 1, 3, padding=1)

    def forward(self, normalised_f0: Tensor) -> QuantizedF0:
        """(B, T), T a multiple of `sizes.ratio` → what is decoded of it; moves the codebook in training."""
        hidden = self.encoder(normalised_f0.unsqueeze(1))
        nearest, codes = self.codebook(hidden)
        commitment = functional.mse_loss(hidden, nearest)
        passed = hidden + (nearest - hidden).detach()
        return QuantizedF0(self._decoded(passed), codes, commitment)

    @torch.no_grad()
    def encode(self, normalised_f0: Tensor) -> Tensor:
        """(B, T) of any length → codes (B, T / ratio), rounded up; the end is padded with unvoiced values."""
        missing = -normalised_f0.shape[1] % self.sizes.ratio
        return self.codebook.encode(self.encoder(functional.pad(normalised_f0, (0, missing)).unsqueeze(1)))

    def decode(self, codes: Tensor) -> Tensor:
        """Codes (B, T / ratio) → (B, T)."""
        return self._decoded(self.codebook.decode(codes))

    def _decoded(self, vectors: Tensor) -> Tensor:
        f0: Tensor = self.output(self.decoder(vectors)).squeeze(1)
        return f0

"""Discriminators of the sub-bands of a discrete wavelet transform.

HierSpeech++ (arXiv 2311.12454, section 3.4) trains SpeechSR with one, after Fre-GAN 2. It gives no sizes.
"""

from __future__ import annotations

import math
from typing import Literal

import torch
from pydantic import Field, PositiveInt
from torch import Tensor, nn
from torch.nn import functional as F

from hiervox.modules.discriminators.config import Discriminator, DiscriminatorConfig
from hiervox.modules.discriminators.multi_scale import ScaleDiscriminator, ScaleLayer
from hiervox.modules.discriminators.stack import DiscriminatorOutput, apply_each


class WaveletConfig(DiscriminatorConfig):
    """Sizes of `WaveletDiscriminator`.

    The default width and the kernels are half of the multi-scale discriminator's, as sub-bands have a lower
    rate.

    Attributes:
        levels: how often every band is halved; 2 gives four bands, each at a quarter of the rate.
        width: channels of the first convolution; later ones have up to eight times as many.
    """

    type: Literal["wavelet"] = "wavelet"
    levels: PositiveInt = 2
    width: PositiveInt = Field(64, multiple_of=8)


def haar_transform(x: Tensor) -> Tensor:
    """Split into a lower and a higher half-band: sum and difference of neighbouring samples over √2.

    The transform is orthonormal, so nothing of the signal is lost, as it would be by average pooling
    (Fre-GAN, arXiv 2106.02297, section 2.2).

    Args:
        x: (B, C, T); the last sample is repeated where T is odd.

    Returns:
        (B, 2C, ceil(T / 2)), all low bands before all high bands.
    """
    if x.shape[-1] % 2:
        x = F.pad(x, (0, 1), mode="replicate")
    first, second = x[..., 0::2], x[..., 1::2]
    return torch.cat([first + second, first - second], dim=1) / math.sqrt(2)


class WaveletDiscriminator(Discriminator):
    """One `ScaleDiscriminator` for each of the 2^levels equally wide sub-bands of the waveform."""

    config_class = WaveletConfig

    def __init__(self, config: WaveletConfig) -> None:
        super().__init__(config)
        self.levels, width = config.levels, config.width
        layers = (
            ScaleLayer(width, 15),
            ScaleLayer(2 * width, 21, 2, 4),
            ScaleLayer(4 * width, 21, 2, 16),
            ScaleLayer(8 * width, 21, 2, 16),
            ScaleLayer(8 * width, 21, 1, 16),
            ScaleLayer(8 * width, 5),
        )
        self.discriminators = nn.ModuleList(ScaleDiscriminator(layers) for _ in range(2**self.levels))

    def forward(self, wav: Tensor) -> list[DiscriminatorOutput]:
        """wav (B, 1, T) → the output for each sub-band."""
        bands = wav
        for _ in range(self.levels):
            bands = haar_transform(bands)
        return apply_each(self.discriminators, bands.split(1, dim=1))

"""PatchGAN, a discriminator that judges spectrograms patch by patch (arXiv 1611.07004, section 3.2.2)."""

from __future__ import annotations

from pydantic import PositiveInt
from torch import Tensor, nn
from torch.nn import functional

from hiervox.modules.discriminators.stack import DiscriminatorOutput
from hiervox.utils.schema import Sizes

KERNEL_SIZE, STRIDE = 4, 2
SLOPE = 0.2
LARGEST_FACTOR = 8


class PatchDiscriminatorSizes(Sizes):
    """Sizes of `PatchDiscriminator`.

    Attributes:
        channels: after the first convolution; each further one doubles them, up to eight times.
        n_layers: strided convolutions.
    """

    channels: PositiveInt = 64
    n_layers: PositiveInt = 3

    @property
    def least(self) -> int:
        """Bins and frames that a spectrogram needs for one patch."""
        return int(3 * STRIDE**self.n_layers)


class PatchDiscriminator(nn.Module):
    """Strided convolutions, batch norm and leaky rectifiers.

    Args:
        sizes: see `PatchDiscriminatorSizes`.
    """

    def __init__(self, sizes: PatchDiscriminatorSizes) -> None:
        super().__init__()
        widths = [sizes.channels * min(2**layer, LARGEST_FACTOR) for layer in range(sizes.n_layers + 1)]
        strides = [STRIDE] * (sizes.n_layers - 1) + [1]
        self.input = nn.Conv2d(1, widths[0], KERNEL_SIZE, STRIDE, 1)
        self.layers = nn.ModuleList(
            nn.Sequential(nn.Conv2d(before, width, KERNEL_SIZE, stride, 1, bias=False), nn.BatchNorm2d(width))
            for before, width, stride in zip(widths, widths[1:], strides, strict=False)
        )
        self.last = nn.Conv2d(widths[-1], 1, KERNEL_SIZE, 1, 1)

    def forward(self, mel: Tensor) -> list[DiscriminatorOutput]:
        """(B, 1, M, N) → one output, with a logit for each patch."""
        features = [functional.leaky_relu(self.input(mel), SLOPE)]
        for layer in self.layers:
            features.append(functional.leaky_relu(layer(features[-1]), SLOPE))
        return [DiscriminatorOutput(self.last(features[-1]).flatten(1), features)]

"""Discriminators of magnitude spectrograms at several resolutions (UnivNet, arXiv 2106.07889; APNet2)."""

from __future__ import annotations

from typing import Literal, NamedTuple

import torch
from pydantic import Field, PositiveInt
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import weight_norm

from hiervox.modules.discriminators.config import Discriminator, DiscriminatorConfig
from hiervox.modules.discriminators.stack import (
    LEAKY_SLOPE,
    ConvolutionStack,
    DiscriminatorOutput,
    apply_each,
)

Resolution = tuple[int, int, int]
"""Size of the transform, hop and window length, samples."""
Layers = Literal["narrow", "wide"]
Window = Literal["hann", "rectangular"]


class PlaneLayer(NamedTuple):
    """One convolution over frequency and frames: output channels, kernel, stride."""

    channels: int
    kernel_size: tuple[int, int]
    stride: tuple[int, int] = (1, 1)


LAYERS: dict[Layers, tuple[PlaneLayer, ...]] = {
    # UnivNet's published code; it halves the frame axis, although EnCodec's, which it resembles, halves
    # frequency
    "narrow": (
        PlaneLayer(32, (3, 9)),
        PlaneLayer(32, (3, 9), (1, 2)),
        PlaneLayer(32, (3, 9), (1, 2)),
        PlaneLayer(32, (3, 9), (1, 2)),
        PlaneLayer(32, (3, 3)),
    ),
    # APNet2
    "wide": (
        PlaneLayer(64, (7, 5), (2, 2)),
        PlaneLayer(64, (5, 3), (2, 1)),
        PlaneLayer(64, (5, 3), (2, 2)),
        PlaneLayer(64, (3, 3), (2, 1)),
        PlaneLayer(64, (3, 3), (2, 2)),
    ),
}


class MultiResolutionMagnitudeConfig(DiscriminatorConfig):
    """Sizes of `MultiResolutionMagnitudeDiscriminator`; defaults are UnivNet's.

    Attributes:
        resolutions: size of the transform, hop and window length of each member, samples.
        layers: UnivNet's (`narrow`) or APNet2's (`wide`).
        window: of the transform.
        centered: frames stand on the hops, as in APNet2; else between them, as in UnivNet.
        slope: of the leaky rectifiers.
    """

    type: Literal["multi_resolution_magnitude"] = "multi_resolution_magnitude"
    resolutions: tuple[tuple[PositiveInt, PositiveInt, PositiveInt], ...] = Field(
        ((1024, 120, 600), (2048, 240, 1200), (512, 50, 240)), min_length=1
    )
    layers: Layers = "narrow"
    window: Window = "hann"
    centered: bool = False
    slope: float = Field(LEAKY_SLOPE, ge=0, lt=1)

    @property
    def min_samples(self) -> int:
        """The largest transform."""
        return max(n_fft for n_fft, _, _ in self.resolutions)


class MagnitudeDiscriminator(nn.Module):
    """Convolves a magnitude spectrogram over frequency and frames.

    The published code of UnivNet, BigVGAN and APNet2 gives its transform no window, so that its frames are
    rectangular; `window` is Hann's unless that is asked for.

    Args:
        resolution: size of the transform, hop and window length.
        sizes: see `MultiResolutionMagnitudeConfig`.
    """

    window: Tensor

    def __init__(self, resolution: Resolution, sizes: MultiResolutionMagnitudeConfig) -> None:
        super().__init__()
        self.n_fft, self.hop_length, win_length = resolution
        self.centered = sizes.centered
        make = torch.hann_window if sizes.window == "hann" else torch.ones
        self.register_buffer("window", make(win_length, device="cpu"), persistent=False)
        own = LAYERS[sizes.layers]
        inputs = (1, *(layer.channels for layer in own[:-1]))
        self.stack = ConvolutionStack(
            (_conv(before, layer) for before, layer in zip(inputs, own, strict=True)),
            last=_conv(own[-1].channels, PlaneLayer(1, (3, 3))),
            slope=sizes.slope,
        )

    def forward(self, wav: Tensor) -> DiscriminatorOutput:
        """wav (B, 1, T) → logits (B, L), feature maps (B, C, frequencies, frames)."""
        margin = (self.n_fft - self.hop_length) // 2
        with torch.autocast(wav.device.type, enabled=False):
            padded = wav.float() if self.centered else F.pad(wav.float(), (margin, margin), mode="reflect")
            spectrum = torch.stft(
                padded.squeeze(1),
                self.n_fft,
                self.hop_length,
                len(self.window),
                self.window,
                center=self.centered,
                return_complex=True,
            )
        output: DiscriminatorOutput = self.stack(spectrum.abs().unsqueeze(1))
        return output


class MultiResolutionMagnitudeDiscriminator(Discriminator):
    """One `MagnitudeDiscriminator` for each resolution."""

    config_class = MultiResolutionMagnitudeConfig

    def __init__(self, config: MultiResolutionMagnitudeConfig) -> None:
        super().__init__(config)
        self.discriminators = nn.ModuleList(
            MagnitudeDiscriminator(resolution, config) for resolution in config.resolutions
        )

    def forward(self, wav: Tensor) -> list[DiscriminatorOutput]:
        """wav (B, 1, T) → the output for each resolution."""
        return apply_each(self.discriminators, [wav] * len(self.discriminators))


def _conv(inputs: int, layer: PlaneLayer) -> nn.Module:
    padding = (layer.kernel_size[0] // 2, layer.kernel_size[1] // 2)
    return weight_norm(nn.Conv2d(inputs, layer.channels, layer.kernel_size, layer.stride, padding))

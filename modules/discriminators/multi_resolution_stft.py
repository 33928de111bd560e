"""Discriminators of complex spectrograms (EnCodec, arXiv 2210.13438), at the sizes of HierSpeech++."""

from __future__ import annotations

from typing import Literal

import torch
from pydantic import Field, PositiveInt
from torch import Tensor, nn
from torch.nn.utils.parametrizations import weight_norm

from hiervox.modules.discriminators.config import Discriminator, DiscriminatorConfig
from hiervox.modules.discriminators.spectrum_stack import spectrum_stack
from hiervox.modules.discriminators.stack import (
    LEAKY_SLOPE,
    DiscriminatorOutput,
    apply_each,
)

OVERLAP = 4
"""Window length over hop length, in all published resolutions."""


class MultiResolutionSTFTConfig(DiscriminatorConfig):
    """Sizes of `MultiResolutionSTFTDiscriminator`; defaults are those of the published synthesizer.

    Attributes:
        window_lengths: of the Hann window of each member, and sizes of its Fourier transform, samples.
        channels: of each convolution but the last.
        slope, logits_are_feature: see `ConvolutionStack`.
        normalize_first: the first convolution is weight-normalised like the others. It is not in the
            published code of EnCodec.
        hop_lengths: samples, one for each window; None for a quarter of it.
    """

    type: Literal["multi_resolution_stft"] = "multi_resolution_stft"
    window_lengths: tuple[PositiveInt, ...] = Field((2048, 1024, 512, 256, 128), min_length=1)
    channels: PositiveInt = 32
    slope: float = Field(LEAKY_SLOPE, ge=0, lt=1)
    normalize_first: bool = True
    logits_are_feature: bool = True
    hop_lengths: tuple[PositiveInt, ...] | None = None

    @property
    def min_samples(self) -> int:
        """The longest window."""
        return max(self.window_lengths)


class STFTDiscriminator(nn.Module):
    """Convolves real and imaginary part as two channels, over time and frequency.

    Args:
        window_length: of the Hann window, and size of the Fourier transform.
        sizes: see `MultiResolutionSTFTConfig`.
        hop_length: samples; None for a quarter of the window.
    """

    window: Tensor

    def __init__(
        self, window_length: int, sizes: MultiResolutionSTFTConfig, hop_length: int | None = None
    ) -> None:
        super().__init__()
        self.hop_length = hop_length or window_length // OVERLAP
        window = torch.hann_window(window_length, device="cpu")
        # The level of the spectrum then does not depend on the window's length.
        self.register_buffer("window", window / window.square().sum().sqrt(), persistent=False)
        first = nn.Conv2d(2, sizes.channels, (3, 9), padding=(1, 4))
        self.stack = spectrum_stack(
            weight_norm(first) if sizes.normalize_first else first,
            sizes.channels,
            slope=sizes.slope,
            logits_are_feature=sizes.logits_are_feature,
        )

    def forward(self, wav: Tensor) -> DiscriminatorOutput:
        """wav (B, 1, T), T ≥ window length → logits (B, L), feature maps (B, C, frames, bins)."""
        with torch.autocast(wav.device.type, enabled=False):
            spectrum = torch.stft(
                wav.squeeze(1).float(),
                len(self.window),
                self.hop_length,
                window=self.window,
                center=False,
                return_complex=True,
            )
        output: DiscriminatorOutput = self.stack(torch.view_as_real(spectrum).permute(0, 3, 2, 1))
        return output


class MultiResolutionSTFTDiscriminator(Discriminator):
    """One `STFTDiscriminator` for each window length."""

    config_class = MultiResolutionSTFTConfig

    def __init__(self, config: MultiResolutionSTFTConfig) -> None:
        super().__init__(config)
        hop_lengths = config.hop_lengths or (None,) * len(config.window_lengths)
        self.discriminators = nn.ModuleList(
            STFTDiscriminator(window_length, config, hop_length)
            for window_length, hop_length in zip(config.window_lengths, hop_lengths, strict=True)
        )

    def forward(self, wav: Tensor) -> list[DiscriminatorOutput]:
        """wav (B, 1, T) → the output for each resolution."""
        return apply_each(self.discriminators, [wav] * len(self.discriminators))

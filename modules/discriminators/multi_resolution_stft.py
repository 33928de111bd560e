"""Discriminators of complex spectrograms (EnCodec, arXiv 2210.13438), at the sizes of HierSpeech++."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch
from pydantic import Field, PositiveInt
from torch import Tensor, nn
from torch.nn.utils.parametrizations import weight_norm

from hiervox.modules.discriminators.config import DiscriminatorConfig
from hiervox.modules.discriminators.spectrum_stack import spectrum_stack
from hiervox.modules.discriminators.stack import (
    LEAKY_SLOPE,
    DiscriminatorOutput,
    apply_each,
)

WINDOW_LENGTHS = (2048, 1024, 512, 256, 128)
"""Samples; of the published synthesizer and of the 24 kHz SpeechSR."""
OVERLAP = 4
"""Window length over hop length, in all published resolutions."""


class MultiResolutionSTFTConfig(DiscriminatorConfig):
    """Arguments of `MultiResolutionSTFTDiscriminator`."""

    type: Literal["multi_resolution_stft"] = "multi_resolution_stft"
    window_lengths: tuple[PositiveInt, ...] = Field(WINDOW_LENGTHS, min_length=1)
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
        channels: of each convolution but the last.
        slope, logits_are_feature: see `ConvolutionStack`.
        normalize_first: the first convolution is weight-normalised like the others. It is not in the
            published code of EnCodec.
        hop_length: samples; None for a quarter of the window.
    """

    window: Tensor

    def __init__(
        self,
        window_length: int,
        channels: int = 32,
        slope: float = LEAKY_SLOPE,
        normalize_first: bool = True,
        logits_are_feature: bool = True,
        hop_length: int | None = None,
    ) -> None:
        super().__init__()
        self.hop_length = hop_length or window_length // OVERLAP
        window = torch.hann_window(window_length, device="cpu")
        # The level of the spectrum then does not depend on the window's length.
        self.register_buffer("window", window / window.square().sum().sqrt(), persistent=False)
        first = nn.Conv2d(2, channels, (3, 9), padding=(1, 4))
        self.stack = spectrum_stack(
            weight_norm(first) if normalize_first else first, channels, slope, logits_are_feature
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


class MultiResolutionSTFTDiscriminator(nn.Module):
    """One `STFTDiscriminator` for each window length.

    Args:
        window_lengths: in samples.
        channels, slope, normalize_first, logits_are_feature: of each.
        hop_lengths: one for each window; None for a quarter of it.
    """

    def __init__(
        self,
        window_lengths: Sequence[int] = WINDOW_LENGTHS,
        channels: int = 32,
        slope: float = LEAKY_SLOPE,
        normalize_first: bool = True,
        logits_are_feature: bool = True,
        hop_lengths: Sequence[int] | None = None,
    ) -> None:
        super().__init__()
        hops: Sequence[int | None] = hop_lengths or [None] * len(window_lengths)
        self.discriminators = nn.ModuleList(
            STFTDiscriminator(window_length, channels, slope, normalize_first, logits_are_feature, hop_length)
            for window_length, hop_length in zip(window_lengths, hops, strict=True)
        )

    def forward(self, wav: Tensor) -> list[DiscriminatorOutput]:
        """wav (B, 1, T) → the output for each resolution."""
        return apply_each(self.discriminators, [wav] * len(self.discriminators))

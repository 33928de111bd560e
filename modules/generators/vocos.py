"""Vocos' generator (arXiv 2306.00814): ConvNeXt blocks at frame rate and an inverse STFT."""

from __future__ import annotations

from typing import Literal

import torch
from pydantic import Field, PositiveInt
from torch import Tensor, nn

from hiervox.modules.convolutions.convnext import ConvNeXtBlock, ConvNeXtSizes
from hiervox.modules.generators.vocoder import VocoderGenerator
from hiervox.modules.spectral.inverse_stft import InverseSTFT
from hiervox.utils.schema import Sizes

EDGE_KERNEL = 7
NORM_EPSILON = 1e-6
HIGHEST_MAGNITUDE = 100.0
"""Of a bin, so that the exponential can't overflow (published code)."""


class VocosSizes(Sizes):
    """Sizes of the network; defaults are the published ones for mel spectrograms at 24 kHz.

    Attributes:
        in_channels: of the input, the number of mel bins for a vocoder.
        channels, hidden_channels, n_blocks: of the ConvNeXt blocks.
        n_fft, hop_length: of the inverse STFT, samples.
        padding: of the inverse STFT, see `InverseSTFT`.
        condition_channels: of a global condition, such as a speaker vector, which scales and shifts what each
            block normalizes; 0 where there is none.
    """

    in_channels: PositiveInt = 100
    channels: PositiveInt = 512
    hidden_channels: PositiveInt = 1536
    n_blocks: PositiveInt = 8
    n_fft: PositiveInt = 1024
    hop_length: PositiveInt = 256
    padding: Literal["center", "same"] = "center"
    condition_channels: int = Field(0, ge=0)

    @property
    def block(self) -> ConvNeXtSizes:
        """Of each ConvNeXt block."""
        return ConvNeXtSizes(
            channels=self.channels, hidden_channels=self.hidden_channels, kernel_size=EDGE_KERNEL
        )


class VocosBackbone(nn.Module):
    """A convolution, layer norm, ConvNeXt blocks, layer norm.

    Args:
        sizes: all but what concerns the inverse STFT.

    Attributes:
        context: frames on either side that an output frame depends on.
    """

    def __init__(self, sizes: VocosSizes) -> None:
        super().__init__()
        self.input = nn.Conv1d(sizes.in_channels, sizes.channels, EDGE_KERNEL, padding=EDGE_KERNEL // 2)
        self.norm = nn.LayerNorm(sizes.channels, eps=NORM_EPSILON)
        self.blocks = nn.ModuleList(
            ConvNeXtBlock(
                sizes.block,
                scale=1 / sizes.n_blocks,
                norm_epsilon=NORM_EPSILON,
                exact_gelu=True,
                style_channels=sizes.condition_channels,
            )
            for _ in range(sizes.n_blocks)
        )
        self.last_norm = nn.LayerNorm(sizes.channels, eps=NORM_EPSILON)
        self.context = (1 + sizes.n_blocks) * (EDGE_KERNEL // 2)
        self.apply(_initialise)
        if sizes.condition_channels:
            for number in range(sizes.n_blocks):
                nn.init.zeros_(self.get_parameter(f"blocks.{number}.modulation.weight"))

    def forward(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        """(B, in_channels, N), and (B, condition_channels, 1) where there is one → (B, N, channels)."""
        x = self.norm(self.input(x).mT).mT
        for block in self.blocks:
            x = block(x, condition)
        hidden: Tensor = self.last_norm(x.mT)
        return hidden


class Vocos(VocoderGenerator):
    """Mel spectrogram, or any latent at frame rate, to waveform by log magnitude and phase of every STFT bin.

    Args:
        sizes: see `VocosSizes`.
    """

    context: int

    def __init__(self, sizes: VocosSizes) -> None:
        super().__init__()
        self.sizes = sizes
        self.backbone = VocosBackbone(sizes)
        self.output = nn.Linear(sizes.channels, sizes.n_fft + 2)
        self.inverse_stft = InverseSTFT(sizes.n_fft, sizes.hop_length, padding=sizes.padding)
        self.hop_length = sizes.hop_length
        self.context = self.backbone.context + self.inverse_stft.context

    def forward(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        """The arguments of `VocosBackbone.forward` → (B, 1, T), T as `InverseSTFT.samples` tells."""
        log_magnitude, phase = self.output(self.backbone(x, condition)).mT.float().chunk(2, dim=1)
        magnitude = log_magnitude.exp().clamp(max=HIGHEST_MAGNITUDE)
        wav: Tensor = self.inverse_stft(torch.polar(magnitude, phase))
        return wav.unsqueeze(1)


def _initialise(module: nn.Module) -> None:
    if isinstance(module, nn.Conv1d | nn.Linear):
        nn.init.trunc_normal_(module.weight, std=0.02)
        if module.bias is not None:
            nn.init.zeros_(module.bias)

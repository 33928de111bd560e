"""APNet (arXiv 2305.07952) and APNet2 (arXiv 2311.11545): amplitude and phase predicted at frame rate."""

from __future__ import annotations

from typing import Literal, NamedTuple

import torch
from pydantic import PositiveInt
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.parametrizations import weight_norm

from hiervox.modules.convolutions.convnext import ConvNeXtSizes, ConvNeXtV2Block
from hiervox.modules.convolutions.residual_block import ParallelBlocks, ResidualBlock
from hiervox.modules.generators.hifigan import LAST_SLOPE
from hiervox.modules.generators.vocoder import VocoderGenerator
from hiervox.modules.spectral.inverse_stft import InverseSTFT
from hiervox.utils.schema import Sizes

EDGE_KERNEL = 7


class APNetSizes(Sizes):
    """Sizes of the network; defaults are APNet's, and `hidden_channels` and `n_blocks` APNet2's.

    Attributes:
        in_channels: mel bins.
        channels: of both networks.
        blocks: `residual` are HiFi-GAN's blocks side by side (APNet), `convnext` ConvNeXt V2 blocks in a row
            (APNet2).
        block_kernel_sizes, block_dilations: of the residual blocks.
        hidden_channels, n_blocks: of the ConvNeXt blocks.
        n_fft, hop_length, win_length: of the inverse STFT, samples.
    """

    in_channels: PositiveInt = 80
    channels: PositiveInt = 512
    blocks: Literal["residual", "convnext"] = "residual"
    block_kernel_sizes: tuple[PositiveInt, ...] = (3, 7, 11)
    block_dilations: tuple[tuple[PositiveInt, ...], ...] = ((1, 3, 5), (1, 3, 5), (1, 3, 5))
    hidden_channels: PositiveInt = 1536
    n_blocks: PositiveInt = 8
    n_fft: PositiveInt = 1024
    hop_length: PositiveInt = 80
    win_length: PositiveInt = 320


class APNetOutput(NamedTuple):
    """What the network predicts, all in float32.

    Attributes:
        log_amplitude, phase: (B, n_fft / 2 + 1, N); phase in (-π, π].
        spectrum: complex, of the two.
        wav: (B, 1, (N - 1) * hop_length).
    """

    log_amplitude: Tensor
    phase: Tensor
    spectrum: Tensor
    wav: Tensor


class ResidualBackbone(nn.Module):
    """APNet's: a convolution, residual blocks side by side, a leaky rectifier."""

    def __init__(self, sizes: APNetSizes) -> None:
        super().__init__()
        padding = EDGE_KERNEL // 2
        self.input = weight_norm(nn.Conv1d(sizes.in_channels, sizes.channels, EDGE_KERNEL, padding=padding))
        self.blocks = ParallelBlocks(
            [
                ResidualBlock(sizes.channels, kernel_size, dilations)
                for kernel_size, dilations in zip(
                    sizes.block_kernel_sizes, sizes.block_dilations, strict=True
                )
            ]
        )
        self.context: int | None = padding + self.blocks.context

    def forward(self, mel: Tensor) -> Tensor:
        """(B, in_channels, N) → (B, channels, N)."""
        return functional.leaky_relu(self.blocks(self.input(mel)), LAST_SLOPE)


class ConvNeXtBackbone(nn.Module):
    """APNet2's: a convolution, layer norm, ConvNeXt V2 blocks, layer norm."""

    context: int | None = None

    def __init__(self, sizes: APNetSizes) -> None:
        super().__init__()
        self.input = nn.Conv1d(sizes.in_channels, sizes.channels, EDGE_KERNEL, padding=EDGE_KERNEL // 2)
        self.norm = nn.LayerNorm(sizes.channels, eps=1e-6)
        block = ConvNeXtSizes(
            channels=sizes.channels, hidden_channels=sizes.hidden_channels, kernel_size=EDGE_KERNEL
        )
        self.blocks = nn.ModuleList(ConvNeXtV2Block(block) for _ in range(sizes.n_blocks))
        self.last_norm = nn.LayerNorm(sizes.channels, eps=1e-6)

    def forward(self, mel: Tensor) -> Tensor:
        """(B, in_channels, N) → (B, channels, N)."""
        x = self.norm(self.input(mel).mT).mT
        for block in self.blocks:
            x = block(x)
        out: Tensor = self.last_norm(x.mT).mT
        return out


class APNet(VocoderGenerator):
    """Mel spectrogram to waveform; APNet2 depends on the whole utterance, so it can't be streamed.

    Args:
        sizes: see `APNetSizes`.
    """

    def __init__(self, sizes: APNetSizes) -> None:
        super().__init__()
        self.sizes = sizes
        backbone = ResidualBackbone if sizes.blocks == "residual" else ConvNeXtBackbone
        self.amplitude_backbone, self.phase_backbone = backbone(sizes), backbone(sizes)
        self.log_amplitude = self._output_conv()
        self.pseudo_real, self.pseudo_imaginary = self._output_conv(), self._output_conv()
        self.inverse_stft = InverseSTFT(sizes.n_fft, sizes.hop_length, sizes.win_length)
        self.hop_length = sizes.hop_length
        receptive_field = self.amplitude_backbone.context
        self.context = (
            None
            if receptive_field is None
            else receptive_field + EDGE_KERNEL // 2 + self.inverse_stft.context
        )

    def _output_conv(self) -> nn.Module:
        bins = self.sizes.n_fft // 2 + 1
        conv = nn.Conv1d(self.sizes.channels, bins, EDGE_KERNEL, padding=EDGE_KERNEL // 2)
        return weight_norm(conv) if self.sizes.blocks == "residual" else conv

    def predict(self, mel: Tensor) -> APNetOutput:
        """(B, in_channels, N) → log amplitude, phase, and what follows from them."""
        log_amplitude = self.log_amplitude(self.amplitude_backbone(mel)).float()
        hidden = self.phase_backbone(mel)
        # Parallel phase estimation (APNet, section 3.2)
        phase = torch.atan2(self.pseudo_imaginary(hidden).float(), self.pseudo_real(hidden).float())
        spectrum = torch.polar(log_amplitude.exp(), phase)
        return APNetOutput(log_amplitude, phase, spectrum, self.inverse_stft(spectrum).unsqueeze(1))

    def forward(self, mel: Tensor, *, spectra: bool = False) -> Tensor | APNetOutput:
        """(B, in_channels, N) → (B, 1, (N - 1) * hop_length), or with `spectra` all that is predicted."""
        output = self.predict(mel)
        return output if spectra else output.wav

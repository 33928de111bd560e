"""Text, F0 and energy of frames to sound: StyleTTS 2's iSTFTNet decoder (arXiv 2306.07691; 2203.02395)."""

from __future__ import annotations

import math

import torch
from pydantic import PositiveInt
from torch import Tensor, nn
from torch.nn import functional

from hiervox.models.tts.kokoro.networks.adaptive import AdaptiveBlock, AdaptiveSnakeBlock
from hiervox.modules.spectral.inverse_stft import InverseSTFT
from hiervox.utils.schema import Sizes

HARMONICS = 9
AMPLITUDE = 0.1
"""Of a harmonic, and three times the noise's deviation where unvoiced."""
VOICED_NOISE = 0.003
VOICED_HZ = 10.0
"""F0 beyond it is voiced."""
DEPTH = 4
SLOPE, LAST_SLOPE = 0.1, 0.01
SOURCE_KERNEL_SIZE, LAST_SOURCE_KERNEL_SIZE = 7, 11
SOURCE_DILATIONS = (1, 3, 5)


class GeneratorSizes(Sizes):
    """Sizes of `KokoroDecoder` and `KokoroGenerator`.

    Attributes:
        hidden_channels: of the decoder's blocks.
        text_channels: of the text that each reads again.
        channels: of the generator's input.
        rates, kernel_sizes: of the upsampling.
        block_kernel_sizes, block_dilations: of the residual blocks.
        n_fft, hop_length: of the STFT that the waveform is made from.
    """

    hidden_channels: PositiveInt = 1024
    text_channels: PositiveInt = 64
    channels: PositiveInt = 512
    rates: tuple[PositiveInt, ...] = (10, 6)
    kernel_sizes: tuple[PositiveInt, ...] = (20, 12)
    block_kernel_sizes: tuple[PositiveInt, ...] = (3, 7, 11)
    block_dilations: tuple[tuple[PositiveInt, ...], ...] = ((1, 3, 5),) * 3
    n_fft: PositiveInt = 20
    hop_length: PositiveInt = 5

    @property
    def upsampling(self) -> int:
        """Samples to a value of F0."""
        return math.prod(self.rates) * self.hop_length


class HarmonicSource(nn.Module):
    """Sines at F0 and its multiples, noise where unvoiced, weighted and summed (NSF, arXiv 1904.12088).

    Args:
        rate: of the waveform, Hz.
        upsampling: samples to a value of F0.
    """

    def __init__(self, rate: int, upsampling: int) -> None:
        super().__init__()
        self.rate, self.upsampling = rate, upsampling
        self.weights = nn.Linear(HARMONICS, 1)

    def forward(self, f0: Tensor, noise: Tensor) -> Tensor:
        """Make the source.

        Args:
            f0: (B, T) in Hz.
            noise: (B, T * upsampling, 9), standard normal.

        Returns:
            (B, T * upsampling).
        """
        multiples = torch.arange(1, HARMONICS + 1, device=f0.device, dtype=f0.dtype)
        turns = (f0[:, None] * multiples[:, None] / self.rate) % 1
        phase = turns.cumsum(2) * (2 * torch.pi) * self.upsampling
        phase = functional.interpolate(phase, scale_factor=float(self.upsampling), mode="linear")
        voiced = (f0 > VOICED_HZ).to(f0.dtype).repeat_interleave(self.upsampling, dim=1)[:, None]
        deviation = VOICED_NOISE * voiced + AMPLITUDE / 3 * (1 - voiced)
        harmonics = AMPLITUDE * phase.sin() * voiced + deviation * noise.mT
        source: Tensor = self.weights(harmonics.mT).squeeze(2).tanh()
        return source


class KokoroGenerator(nn.Module):
    """Frames and a source to the magnitudes and phases of an STFT, and to a waveform.

    Args:
        sizes: see `GeneratorSizes`.
        style_channels: S.
        rate: of the waveform, Hz.
    """

    def __init__(self, sizes: GeneratorSizes, *, style_channels: int, rate: int) -> None:
        super().__init__()
        self.sizes = sizes
        self.inverse_stft = InverseSTFT(sizes.n_fft, sizes.hop_length)
        self.source = HarmonicSource(rate, sizes.upsampling)
        self.upsamples, self.source_convs = nn.ModuleList(), nn.ModuleList()
        self.source_blocks, self.stages = nn.ModuleList(), nn.ModuleList()
        width, bins = sizes.channels, sizes.n_fft + 2
        for number, (rate_, kernel) in enumerate(zip(sizes.rates, sizes.kernel_sizes, strict=True)):
            half, stride = width // 2, math.prod(sizes.rates[number + 1 :])
            last = number + 1 == len(sizes.rates)
            self.upsamples.append(
                nn.ConvTranspose1d(width, half, kernel, rate_, padding=(kernel - rate_) // 2)
            )
            self.source_convs.append(
                nn.Conv1d(bins, half, 1)
                if last
                else nn.Conv1d(bins, half, 2 * stride, stride, padding=(stride + 1) // 2)
            )
            source_kernel = LAST_SOURCE_KERNEL_SIZE if last else SOURCE_KERNEL_SIZE
            self.source_blocks.append(
                AdaptiveSnakeBlock(half, source_kernel, SOURCE_DILATIONS, style_channels)
            )
            blocks = zip(sizes.block_kernel_sizes, sizes.block_dilations, strict=True)
            self.stages.append(
                nn.ModuleList(
                    AdaptiveSnakeBlock(half, size, dilations, style_channels) for size, dilations in blocks
                )
            )
            width = half
        self.output = nn.Conv1d(width, bins, 7, padding=3)

    def spectrum(self, source: Tensor) -> Tensor:
        """Magnitudes and phases (B, n_fft + 2, T / hop + 1) of a source (B, T)."""
        stft = torch.stft(
            source,
            self.sizes.n_fft,
            self.sizes.hop_length,
            window=self.inverse_stft.window,
            return_complex=True,
        )
        return torch.cat([stft.abs(), stft.angle()], dim=1)

    def forward(self, x: Tensor, style: Tensor, source: Tensor) -> Tensor:
        """Make sound.

        Args:
            x: (B, channels, N).
            style: (B, S).
            source: (B, n_fft + 2, N * rates + 1), of `spectrum`.

        Returns:
            (B, N * upsampling).
        """
        layers = zip(self.upsamples, self.source_convs, self.source_blocks, self.stages, strict=True)
        for number, (upsample, source_conv, source_block, blocks) in enumerate(layers):
            x = upsample(functional.leaky_relu(x, SLOPE))
            if number + 1 == len(self.stages):
                x = functional.pad(x, (1, 0), "reflect")
            x = x + source_block(source_conv(source), style)
            assert isinstance(blocks, nn.ModuleList)
            x = sum((block(x, style) for block in blocks[1:]), blocks[0](x, style)) / len(blocks)
        magnitude, phase = self.output(functional.leaky_relu(x, LAST_SLOPE)).chunk(2, dim=1)
        wav: Tensor = self.inverse_stft(torch.polar(magnitude.exp(), phase.sin()))
        return wav


class KokoroDecoder(nn.Module):
    """Adaptive blocks that read text, F0 and energy of frames, and the generator.

    Args:
        sizes: of the generator.
        channels: of the text.
        style_channels: S.
        rate: of the waveform, Hz.
    """

    def __init__(self, sizes: GeneratorSizes, *, channels: int, style_channels: int, rate: int) -> None:
        super().__init__()
        self.f0 = nn.Conv1d(1, 1, 3, stride=2, padding=1)
        self.energy = nn.Conv1d(1, 1, 3, stride=2, padding=1)
        hidden = sizes.hidden_channels
        self.text = nn.Conv1d(channels, sizes.text_channels, 1)
        self.encode = AdaptiveBlock(channels + 2, hidden, style_channels)
        self.blocks = nn.ModuleList(
            AdaptiveBlock(
                hidden + sizes.text_channels + 2,
                sizes.channels if number + 1 == DEPTH else hidden,
                style_channels,
                upsample=number + 1 == DEPTH,
            )
            for number in range(DEPTH)
        )
        self.generator = KokoroGenerator(sizes, style_channels=style_channels, rate=rate)

    def hidden(self, text: Tensor, f0: Tensor, energy: Tensor, style: Tensor) -> Tensor:
        """What the generator reads, (B, sizes.channels, 2 N).

        Args:
            text: (B, channels, N).
            f0: (B, 2 N) in Hz.
            energy: (B, 2 N).
            style: (B, S).
        """
        contours = torch.cat([self.f0(f0[:, None]), self.energy(energy[:, None])], dim=1)
        again = torch.cat([self.text(text), contours], dim=1)
        x: Tensor = self.encode(torch.cat([text, contours], dim=1), style)
        for block in self.blocks:
            x = block(torch.cat([x, again], dim=1), style)
        return x

"""Waveform generator of HierSpeech++: BigVGAN's trunk, led by the features of a source network."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.parametrizations import weight_norm

from modules.alias_free import AliasFreeActivation
from modules.snake import SnakeBeta
from modules.upsampling import UpsamplingStage

EDGE_KERNEL = 7
LEAKY_SLOPE = 0.1  # HiFi-GAN's


class SourceDownsampler(nn.Module):
    """Brings source features to the frame rate: decimation, then dilated convolutions (1, 2, 4).

    Args:
        in_channels: of the source features.
        out_channels: of the result.
        factor: source frames to one frame.
    """

    def __init__(self, in_channels: int, out_channels: int, factor: int) -> None:
        super().__init__()
        self.factor = factor
        self.residual = weight_norm(nn.Conv1d(in_channels, out_channels, 1))
        self.convolutions = nn.ModuleList(
            weight_norm(
                nn.Conv1d(
                    in_channels if layer == 0 else out_channels,
                    out_channels,
                    3,
                    dilation=2**layer,
                    padding=2**layer,
                )
            )
            for layer in range(3)
        )

    def forward(self, source: Tensor) -> Tensor:
        """(B, in_channels, factor * N) → (B, out_channels, N)."""
        x = source[..., :: self.factor]
        residual = self.residual(x)
        for convolution in self.convolutions:
            x = convolution(functional.leaky_relu(x, LEAKY_SLOPE))
        return x + residual


class SourceGenerator(nn.Module):
    """Latent and source features → waveform (HierSpeech++, arXiv 2311.12454, section 3.2).

    The source features enter twice: at the input, brought down to the frame rate, and after the first
    upsampling, which raises the latent to their rate.

    Args:
        latent_channels: of the input.
        source_channels: of the source features, whose rate is `rates[0]` times the input's.
        initial_channels: before the first stage; each stage halves them.
        style_channels: of the style vector.
        rates, kernel_sizes: of the upsampling.
        block_kernel_sizes, block_dilations: of the AMP blocks.
    """

    def __init__(
        self,
        latent_channels: int,
        source_channels: int,
        initial_channels: int,
        style_channels: int,
        rates: Sequence[int] = (4, 5, 4, 2, 2),
        kernel_sizes: Sequence[int] = (8, 11, 8, 4, 4),
        block_kernel_sizes: Sequence[int] = (3, 7, 11),
        block_dilations: Sequence[int] = (1, 3, 5),
    ) -> None:
        super().__init__()
        padding = EDGE_KERNEL // 2
        last_channels = initial_channels >> len(rates)
        self.input = weight_norm(nn.Conv1d(latent_channels, initial_channels, EDGE_KERNEL, padding=padding))
        self.source_input = SourceDownsampler(source_channels, initial_channels, rates[0])
        self.style = nn.Conv1d(style_channels, initial_channels, 1)
        self.source = nn.Conv1d(source_channels, initial_channels // 2, EDGE_KERNEL, padding=padding)
        self.stages = nn.ModuleList(
            UpsamplingStage(initial_channels >> stage, rate, kernel_size, block_kernel_sizes, block_dilations)
            for stage, (rate, kernel_size) in enumerate(zip(rates, kernel_sizes, strict=True))
        )
        self.activation = AliasFreeActivation(SnakeBeta(last_channels))
        self.output = nn.Conv1d(last_channels, 1, EDGE_KERNEL, padding=padding, bias=False)

    def forward(self, z: Tensor, source: Tensor, style: Tensor) -> Tensor:
        """Generate.

        Args:
            z: (B, latent_channels, N).
            source: (B, source_channels, rates[0] * N).
            style: (B, style_channels, 1).

        Returns:
            (B, 1, product of the rates * N) in [-1, 1].
        """
        x = self.input(z) + self.source_input(source) + self.style(style)
        x = self.stages[0](x, self.source(source))
        for stage in self.stages[1:]:
            x = stage(x)
        return self.output(self.activation(x)).tanh()

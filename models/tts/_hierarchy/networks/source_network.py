"""Source network of the hierarchical generator: pitch-rate features and log-F0 from the acoustic latent."""

from __future__ import annotations

from typing import Literal

from pydantic import PositiveInt, model_validator
from torch import Tensor, nn
from torch.nn.utils.parametrizations import weight_norm

from hiervox.modules.activations.alias_free import AliasFreeActivation
from hiervox.modules.activations.snake import SnakeBeta
from hiervox.modules.convolutions.residual_block import ParallelBlocks, ResidualBlock, context_of, leaky_relu
from hiervox.modules.convolutions.upsampling import UpsamplingStage
from hiervox.utils.schema import Sizes

EDGE_KERNEL = 7


class UpsamplingSizes(Sizes):
    """Upsampling stages with parallel residual blocks.

    Attributes:
        blocks: BigVGAN's anti-aliased ones (`amp`) or HiFi-GAN's multi-receptive-field fusion (`mrf`).
        initial_channels: before the first stage; each stage halves them.
        rates, kernel_sizes: of the upsampling.
        block_kernel_sizes, block_dilations: of the blocks.
    """

    blocks: Literal["amp", "mrf"] = "amp"
    initial_channels: PositiveInt
    rates: tuple[PositiveInt, ...]
    kernel_sizes: tuple[PositiveInt, ...]
    block_kernel_sizes: tuple[PositiveInt, ...]
    block_dilations: tuple[PositiveInt, ...] = (1, 3, 5)

    @model_validator(mode="after")
    def _stages_fit(self) -> UpsamplingSizes:
        if len(self.rates) != len(self.kernel_sizes):
            raise ValueError("kernel_sizes must be as many as rates")
        if any(
            kernel < rate or (kernel - rate) % 2
            for rate, kernel in zip(self.rates, self.kernel_sizes, strict=True)
        ):
            raise ValueError("each of kernel_sizes must be its rate plus an even number")
        if self.initial_channels % 2 ** len(self.rates):
            raise ValueError("initial_channels can't be halved once per rate")
        return self

    def stages(self) -> list[UpsamplingStage]:
        """The stages of these sizes."""
        return [
            self._stage(self.initial_channels >> stage, rate, kernel_size)
            for stage, (rate, kernel_size) in enumerate(zip(self.rates, self.kernel_sizes, strict=True))
        ]

    def _stage(self, channels: int, rate: int, kernel_size: int) -> UpsamplingStage:
        kernel_sizes, dilations = self.block_kernel_sizes, self.block_dilations
        if self.blocks == "amp":
            return UpsamplingStage.with_amp_blocks(channels, rate, kernel_size, kernel_sizes, dilations)
        blocks = ParallelBlocks([ResidualBlock(channels // 2, size, dilations) for size in kernel_sizes])
        return UpsamplingStage(channels, rate, kernel_size, blocks=blocks, activation=leaky_relu(channels))

    def last_activation(self) -> nn.Module:
        """What follows the last stage."""
        channels = self.initial_channels >> len(self.rates)
        return AliasFreeActivation(SnakeBeta(channels)) if self.blocks == "amp" else leaky_relu(channels)


class SourceSizes(UpsamplingSizes):
    """The source network; its upsampling goes from the frame rate to that of F0."""

    initial_channels: PositiveInt = 256
    rates: tuple[PositiveInt, ...] = (2, 2)
    kernel_sizes: tuple[PositiveInt, ...] = (4, 4)
    block_kernel_sizes: tuple[PositiveInt, ...] = (3, 5, 7)


class NoSource(nn.Module):
    """Stands where a hierarchy has no source network: features without channels, and no F0.

    Args:
        rate: values of F0 to a frame.
    """

    out_channels = context = 0

    def __init__(self, rate: int) -> None:
        super().__init__()
        self.rate = rate

    def forward(self, z: Tensor, style: Tensor) -> tuple[Tensor, Tensor]:
        """(B, latent_channels, N) → (B, 0, rate * N) and zeros (B, 1, rate * N)."""
        log_f0 = z.new_zeros(len(z), 1, self.rate * z.shape[-1])
        return log_f0[:, :0], log_f0


class SourceNetwork(nn.Module):
    """Upsampling stages, then F0 (HierSpeech++, arXiv 2311.12454, section 3.2).

    Args:
        sizes: see `SourceSizes`.
        latent_channels: of the input.
        style_channels: of the style vector.

    Attributes:
        out_channels: of the source features.
        context: frames of the latent on either side that a frame's outputs depend on.
    """

    def __init__(self, sizes: SourceSizes, *, latent_channels: int, style_channels: int) -> None:
        super().__init__()
        initial_channels, rates = sizes.initial_channels, sizes.rates
        self.out_channels = initial_channels >> len(rates)
        self.input = weight_norm(
            nn.Conv1d(latent_channels, initial_channels, EDGE_KERNEL, padding=EDGE_KERNEL // 2)
        )
        self.style = nn.Conv1d(style_channels, initial_channels, 1)
        stages = sizes.stages()
        self.stages = nn.ModuleList(stages)
        self.activation = sizes.last_activation()
        self.pitch = nn.Conv1d(self.out_channels, 1, EDGE_KERNEL, padding=EDGE_KERNEL // 2, bias=False)
        receptive_field = context_of(self.activation) + EDGE_KERNEL // 2
        for stage in reversed(stages):
            receptive_field = stage.context(receptive_field)
        self.context = receptive_field + EDGE_KERNEL // 2

    def forward(self, z: Tensor, style: Tensor) -> tuple[Tensor, Tensor]:
        """Raise the latent to the rate of F0.

        Args:
            z: (B, latent_channels, N).
            style: (B, style_channels, 1).

        Returns:
            source features (B, out_channels, product of the rates * N) and log(F0 + 1) (B, 1, same).
        """
        x = self.input(z) + self.style(style)
        for stage in self.stages:
            x = stage(x)
        features = self.activation(x)
        return features, self.pitch(features)

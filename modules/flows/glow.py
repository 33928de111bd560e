"""Glow over sequences of frames: the decoder of Glow-TTS (arXiv 2005.11129, section 3.3)."""

from __future__ import annotations

from typing import TypeVar, cast

import torch
from pydantic import Field, PositiveInt
from torch import Tensor, nn

from hiervox.modules.convolutions.wavenet import WaveNetSizes
from hiervox.modules.flows.affine_coupling import AffineCoupling, CouplingNetwork
from hiervox.modules.flows.invertible_convolution import GroupedInvertibleConvolution
from hiervox.modules.normalization.activation_norm import ActivationNorm

CountT = TypeVar("CountT", int, Tensor)


class GlowSizes(WaveNetSizes):
    """Sizes of the flow; defaults are those of the published Glow-TTS.

    Attributes:
        n_blocks: each an activation norm, an invertible convolution and a coupling.
        hidden_channels, kernel_size, dilation_rate, n_layers, dropout: of a coupling's WaveNet.
        group: channels that an invertible convolution mixes.
        squeeze: neighbouring frames whose channels are put together.
        bounded_scales: whether a coupling's scales stay under 1.
    """

    n_blocks: PositiveInt = 12
    n_layers: PositiveInt = 4
    dilation_rate: PositiveInt = 1
    dropout: float = Field(0.05, ge=0, lt=1)
    group: PositiveInt = Field(4, multiple_of=2)
    squeeze: PositiveInt = 2
    bounded_scales: bool = False


class GlowBlock(nn.Module):
    """Activation norm, invertible convolution, affine coupling.

    Args:
        channels: C.
        style_channels: of the style vector; 0 where there is none.
        sizes: see `GlowSizes`.
    """

    def __init__(self, channels: int, style_channels: int, sizes: GlowSizes) -> None:
        super().__init__()
        self.norm = ActivationNorm(channels)
        self.convolution = GroupedInvertibleConvolution(sizes.group)
        network = CouplingNetwork(
            channels // 2,
            sizes,
            dilation_rate=sizes.dilation_rate,
            condition_channels=style_channels,
            dropout=sizes.dropout,
        )
        self.coupling = AffineCoupling(network, sizes.bounded_scales)

    def forward(self, x: Tensor, mask: Tensor, style: Tensor | None) -> tuple[Tensor, Tensor]:
        """(B, C, T), mask (B, 1, T), style (B, S, 1) → (B, C, T) and the log-determinant (B,)."""
        x, by_norm = self.norm(x, mask)
        x, by_convolution = self.convolution(x, mask)
        x, by_coupling = self.coupling(x, mask, style)
        return x, by_norm + by_convolution + by_coupling

    def inverse(self, x: Tensor, mask: Tensor, style: Tensor | None) -> Tensor:
        """(B, C, T), mask (B, 1, T), style (B, S, 1) → (B, C, T)."""
        x = self.coupling.inverse(x, mask, style)
        x = self.convolution.inverse(x, mask)
        return self.norm.inverse(x, mask)


class GlowFlow(nn.Module):
    """An invertible map between frames and a latent of the same size.

    Args:
        channels: of a frame; times `sizes.squeeze` a multiple of `sizes.group`.
        style_channels: of the style vector; 0 where there is none.
        sizes: see `GlowSizes`.

    Attributes:
        squeeze: see `GlowSizes`.
        context: frames on either side that one depends on, in either direction.
    """

    def __init__(self, channels: int, style_channels: int, sizes: GlowSizes) -> None:
        super().__init__()
        self.squeeze = sizes.squeeze
        dilations = sum(sizes.dilation_rate**layer for layer in range(sizes.n_layers))
        squeezed = sizes.n_blocks * (sizes.kernel_size // 2) * dilations
        self.context = sizes.squeeze * (squeezed + 1) - 1
        width = channels * sizes.squeeze
        if width % sizes.group:
            raise ValueError(f"{width} squeezed channels are not a multiple of the group, {sizes.group}")
        self.blocks = nn.ModuleList(GlowBlock(width, style_channels, sizes) for _ in range(sizes.n_blocks))

    def set_norms_by_next_batch(self) -> None:
        """Let the next pass in training mode set activation norms that are as they were made."""
        for block in self.blocks:
            cast(GlowBlock, block).norm.set_by_next_batch = True

    def whole(self, frames: CountT) -> CountT:
        """How many of so many frames the flow takes: a multiple of `squeeze`."""
        return frames // self.squeeze * self.squeeze

    def forward(self, x: Tensor, mask: Tensor, style: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Frames to the latent.

        Args:
            x: (B, channels, T), T a multiple of `squeeze`.
            mask: (B, 1, T), each item's length a multiple of `squeeze`.
            style: (B, style_channels, 1), or None.

        Returns:
            (B, channels, T), masked, and the log-determinant (B,) in float32.
        """
        x, mask = self._squeezed(x * mask), self._squeezed_mask(mask)
        log_determinant = torch.zeros(len(x), device=x.device)
        for block in self.blocks:
            x, own = block(x, mask, style)
            log_determinant = log_determinant + own
        return self._unsqueezed(x), log_determinant

    def inverse(self, z: Tensor, mask: Tensor, style: Tensor | None = None) -> Tensor:
        """The latent (B, channels, T) back to frames, with `mask` and `style` as of `forward`."""
        z, mask = self._squeezed(z * mask), self._squeezed_mask(mask)
        for block in reversed(self.blocks):
            z = cast(GlowBlock, block).inverse(z, mask, style)
        return self._unsqueezed(z)

    def _squeezed(self, x: Tensor) -> Tensor:
        """(B, C, T) → (B, squeeze * C, T / squeeze), the first of neighbouring frames first."""
        return x.unflatten(2, (-1, self.squeeze)).permute(0, 3, 1, 2).flatten(1, 2)

    def _squeezed_mask(self, mask: Tensor) -> Tensor:
        return mask[:, :, self.squeeze - 1 :: self.squeeze]

    def _unsqueezed(self, x: Tensor) -> Tensor:
        return x.unflatten(1, (self.squeeze, -1)).permute(0, 2, 3, 1).flatten(2)

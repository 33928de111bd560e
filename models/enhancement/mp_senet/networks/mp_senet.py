"""The network of MP-SENet (arXiv 2305.13686, section 2.2)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from hiervox.models.enhancement.mp_senet.config import MPSENetConfig
from hiervox.models.enhancement.mp_senet.networks.dense_block import DilatedDenseBlock, NormalizedConvolution
from hiervox.models.enhancement.mp_senet.networks.grid_conformer import GridConformer

# Along frequency: two bins become one on the way in, and one two on the way out.
_KERNEL, _STRIDE = (1, 3), (1, 2)


class MPSENet(nn.Module):
    """An encoder, blocks of Conformers over time and frequency, a decoder for each of amplitude and phase.

    Args:
        config: sizes.
    """

    def __init__(self, config: MPSENetConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder = SpectrumEncoder(config)
        self.blocks = nn.ModuleList(TwoStageBlock(config) for _ in range(config.n_blocks))
        self.mask_decoder = MaskDecoder(config)
        self.phase_decoder = PhaseDecoder(config)

    def forward(self, amplitude: Tensor, phase: Tensor) -> tuple[Tensor, Tensor]:
        """Clean a noisy spectrum.

        Args:
            amplitude: (B, F, N), compressed.
            phase: (B, F, N), radians.

        Returns:
            Amplitude (B, F, N), compressed, and phase (B, F, N) in (-π, π].
        """
        x = self.encoder(torch.stack([amplitude.mT, phase.mT], dim=1))
        for block in self.blocks:
            x = block(x)
        return amplitude * self.mask_decoder(x), self.phase_decoder(x)


class SpectrumEncoder(nn.Module):
    """Amplitude and phase (B, 2, N, F) to features (B, C, N, (F - 1) / 2)."""

    def __init__(self, config: MPSENetConfig) -> None:
        super().__init__()
        channels = config.channels
        self.first = NormalizedConvolution(nn.Conv2d(2, channels, 1))
        self.dense = DilatedDenseBlock(channels, config.dense_depth)
        self.halving = NormalizedConvolution(nn.Conv2d(channels, channels, _KERNEL, _STRIDE))

    def forward(self, x: Tensor) -> Tensor:
        """(B, 2, N, F) → (B, C, N, (F - 1) / 2)."""
        y: Tensor = self.halving(self.dense(self.first(x)))
        return y


class TwoStageBlock(nn.Module):
    """A Conformer over time and one over frequency, each with a way around it.

    In the paper both of a Conformer's mixing layers work along its own axis. In the authors' code, and so in
    their weights, only the convolution does: attention there takes the first axis of its input for the
    sequence, which is the other one. (With several items in a batch it is the items' axis too, so that
    they see each other; here they do not.)
    """

    def __init__(self, config: MPSENetConfig) -> None:
        super().__init__()
        sizes = (config.channels, config.n_heads, config.kernel_size, config.dropout)
        self.over_time = GridConformer(*sizes)
        self.over_frequency = GridConformer(*sizes)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, N, F) → (B, C, N, F)."""
        x = x.permute(0, 3, 2, 1)
        x = x + self.over_time(x)
        x = x.transpose(1, 2)
        x = x + self.over_frequency(x)
        return x.permute(0, 3, 1, 2)


class MaskDecoder(nn.Module):
    """Features to an amplitude mask between 0 and `config.mask_limit`, whose slope each bin learns."""

    def __init__(self, config: MPSENetConfig) -> None:
        super().__init__()
        self.limit = config.mask_limit
        self.dense = DilatedDenseBlock(config.channels, config.dense_depth)
        self.doubling = nn.ConvTranspose2d(config.channels, config.channels, _KERNEL, _STRIDE)
        self.to_one = NormalizedConvolution(nn.Conv2d(config.channels, 1, 1))
        self.last = nn.Conv2d(1, 1, 1)
        self.slope = nn.Parameter(torch.ones(config.bins, 1))

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, N, (F - 1) / 2) → (B, F, N)."""
        logits = self.last(self.to_one(self.doubling(self.dense(x)))).squeeze(1).mT
        return self.limit * torch.sigmoid(self.slope * logits)


class PhaseDecoder(nn.Module):
    """Features to a phase, as the angle of two maps, which so needs no unwrapping."""

    def __init__(self, config: MPSENetConfig) -> None:
        super().__init__()
        self.dense = DilatedDenseBlock(config.channels, config.dense_depth)
        self.doubling = NormalizedConvolution(
            nn.ConvTranspose2d(config.channels, config.channels, _KERNEL, _STRIDE)
        )
        self.real = nn.Conv2d(config.channels, 1, 1)
        self.imaginary = nn.Conv2d(config.channels, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, N, (F - 1) / 2) → (B, F, N), radians."""
        x = self.doubling(self.dense(x))
        return torch.atan2(self.imaginary(x), self.real(x)).squeeze(1).mT

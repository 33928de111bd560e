"""Variational autoencoder of log-mel spectrograms (AudioLDM, arXiv 2301.12503, section 2.3)."""

from __future__ import annotations

from typing import NamedTuple

import torch
from pydantic import Field, PositiveInt, model_validator
from torch import Tensor, nn
from torch.nn import functional

from hiervox.models.tta._latent.blocks import SCALE, ResidualBlock, Upsample
from hiervox.utils.schema import Sizes

NORM_EPS = 1e-6
LOG_VARIANCE_RANGE = -30.0, 20.0


class MelAutoencoderSizes(Sizes):
    """Sizes of `MelAutoencoder`.

    Attributes:
        n_mels: bins of a spectrogram.
        channels: of the first level; a multiple of `n_groups`.
        multipliers: of `channels`, one a level; between two levels both axes are halved.
        n_blocks: residual blocks of a level of the encoder; one of the decoder has one more.
        latent_channels: of the Gaussian.
        attention: whether the lowest level attends to all of its places.
        n_groups: of the group normalisation.
    """

    n_mels: PositiveInt = 80
    channels: PositiveInt = 128
    multipliers: tuple[PositiveInt, ...] = Field((1, 1, 2, 2, 4), min_length=1)
    n_blocks: PositiveInt = 2
    latent_channels: PositiveInt = 4
    attention: bool = False
    n_groups: PositiveInt = 32

    @property
    def widths(self) -> list[int]:
        """Channels of the levels."""
        return [self.channels * multiplier for multiplier in self.multipliers]

    @property
    def multiple(self) -> int:
        """Bins and frames of a spectrogram to one of the latent."""
        return int(SCALE ** (len(self.multipliers) - 1))

    @property
    def latent_bins(self) -> int:
        """Of the latent's frequency axis."""
        return self.n_mels // self.multiple

    @model_validator(mode="after")
    def _fits(self) -> MelAutoencoderSizes:
        if self.channels % self.n_groups:
            raise ValueError("n_groups must divide channels")
        if self.n_mels % self.multiple:
            raise ValueError(f"n_mels must be a multiple of {self.multiple}, 2 for each level but the first")
        return self


class PlaceAttention(nn.Module):
    """Self-attention of one head over all places, with a skip connection.

    Args:
        channels: of input and output.
        n_groups: of the normalisation.
    """

    def __init__(self, channels: int, n_groups: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(n_groups, channels, NORM_EPS)
        self.query = nn.Linear(channels, channels)
        self.key = nn.Linear(channels, channels)
        self.value = nn.Linear(channels, channels)
        self.output = nn.Linear(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, M, N) → (B, C, M, N)."""
        places = self.norm(x).flatten(2).mT
        attended = functional.scaled_dot_product_attention(
            self.query(places), self.key(places), self.value(places)
        )
        added: Tensor = x + self.output(attended).mT.unflatten(2, x.shape[2:])
        return added


class Middle(nn.Module):
    """Two residual blocks at the lowest level, and attention between them where the sizes say so."""

    def __init__(self, sizes: MelAutoencoderSizes) -> None:
        super().__init__()
        width = sizes.widths[-1]
        self.first = _block(width, width, sizes)
        self.attention = PlaceAttention(width, sizes.n_groups) if sizes.attention else nn.Identity()
        self.second = _block(width, width, sizes)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, M, N) → (B, C, M, N)."""
        found: Tensor = self.second(self.attention(self.first(x)))
        return found


class Encoder(nn.Module):
    """A spectrogram to mean and log-variance, before they are mixed."""

    def __init__(self, sizes: MelAutoencoderSizes) -> None:
        super().__init__()
        widths = sizes.widths
        self.input = nn.Conv2d(1, widths[0], 3, padding=1)
        self.levels = nn.ModuleList(
            nn.Sequential(
                _block(before, width, sizes),
                *(_block(width, width, sizes) for _ in range(sizes.n_blocks - 1)),
            )
            for before, width in zip([widths[0], *widths[:-1]], widths, strict=True)
        )
        self.downsamples = nn.ModuleList(nn.Conv2d(width, width, 3, SCALE) for width in widths[:-1])
        self.middle = Middle(sizes)
        self.norm = nn.GroupNorm(sizes.n_groups, widths[-1], NORM_EPS)
        self.output = nn.Conv2d(widths[-1], 2 * sizes.latent_channels, 3, padding=1)

    def forward(self, mel: Tensor) -> Tensor:
        """(B, 1, M, N) → (B, 2 C, M / multiple, N / multiple)."""
        x = self.levels[0](self.input(mel))
        for downsample, level in zip(self.downsamples, self.levels[1:], strict=True):
            x = level(downsample(functional.pad(x, (0, 1, 0, 1))))
        moments: Tensor = self.output(functional.silu(self.norm(self.middle(x))))
        return moments


class Decoder(nn.Module):
    """A latent to a spectrogram; `levels` begin with the lowest."""

    def __init__(self, sizes: MelAutoencoderSizes) -> None:
        super().__init__()
        widths = sizes.widths[::-1]
        self.input = nn.Conv2d(sizes.latent_channels, widths[0], 3, padding=1)
        self.middle = Middle(sizes)
        self.levels = nn.ModuleList(
            nn.Sequential(
                _block(before, width, sizes), *(_block(width, width, sizes) for _ in range(sizes.n_blocks))
            )
            for before, width in zip([widths[0], *widths[:-1]], widths, strict=True)
        )
        self.upsamples = nn.ModuleList(Upsample(width) for width in widths[:-1])
        self.norm = nn.GroupNorm(sizes.n_groups, widths[-1], NORM_EPS)
        self.output = nn.Conv2d(widths[-1], 1, 3, padding=1)

    def forward(self, latent: Tensor) -> Tensor:
        """(B, C, m, n) → (B, 1, multiple m, multiple n)."""
        x = self.levels[0](self.middle(self.input(latent)))
        for upsample, level in zip(self.upsamples, self.levels[1:], strict=True):
            x = level(upsample(x))
        mel: Tensor = self.output(functional.silu(self.norm(x)))
        return mel


class Posterior(NamedTuple):
    """A Gaussian for each place of a latent.

    Attributes:
        mean, log_variance: (B, C, m, n).
    """

    mean: Tensor
    log_variance: Tensor

    def sample(self, noise: Tensor) -> Tensor:
        """With noise (B, C, m, n) of the standard normal distribution."""
        return self.mean + (0.5 * self.log_variance).exp() * noise

    def kl(self) -> Tensor:
        """(B,): divergence from the standard normal distribution, summed over a latent, in float32."""
        mean, log_variance = self.mean.float(), self.log_variance.float()
        return 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum((1, 2, 3))


class Reconstruction(NamedTuple):
    """A training pass.

    Attributes:
        mel: (B, 1, M, N), decoded from a sample.
        posterior: of the recording.
        log_scale: (), the learnt logarithm of the deviation of `mel` (β-VAE of unknown noise).
    """

    mel: Tensor
    posterior: Posterior
    log_scale: Tensor


class MelAutoencoder(nn.Module):
    """Log-mel spectrograms to a latent of Gaussians, and back.

    Args:
        sizes: see `MelAutoencoderSizes`.
    """

    def __init__(self, sizes: MelAutoencoderSizes) -> None:
        super().__init__()
        self.sizes = sizes
        self.encoder = Encoder(sizes)
        self.decoder = Decoder(sizes)
        self.moments = nn.Conv2d(2 * sizes.latent_channels, 2 * sizes.latent_channels, 1)
        self.expand = nn.Conv2d(sizes.latent_channels, sizes.latent_channels, 1)
        self.log_scale = nn.Parameter(torch.zeros(()))

    def encode(self, mel: Tensor) -> Posterior:
        """(B, 1, M, N), both multiples of `sizes.multiple` → Gaussians (B, C, m, n)."""
        mean, log_variance = self.moments(self.encoder(mel)).chunk(2, dim=1)
        return Posterior(mean, log_variance.clamp(*LOG_VARIANCE_RANGE))

    def decode(self, latent: Tensor) -> Tensor:
        """(B, C, m, n) → (B, 1, M, N)."""
        mel: Tensor = self.decoder(self.expand(latent))
        return mel

    def forward(self, mel: Tensor) -> Reconstruction:
        """The training pass: (B, 1, M, N) decoded from a sample of its posterior."""
        posterior = self.encode(mel)
        decoded = self.decode(posterior.sample(torch.randn_like(posterior.mean)))
        return Reconstruction(decoded, posterior, self.log_scale)


def _block(inputs: int, outputs: int, sizes: MelAutoencoderSizes) -> ResidualBlock:
    return ResidualBlock(inputs, outputs, n_groups=sizes.n_groups, eps=NORM_EPS)

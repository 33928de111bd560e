"""VitsSVC's network (open-mmlab/Amphion, egs/svc/VitsSVC; VITS, arXiv 2106.06103)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from pydantic import Field, PositiveInt, model_validator
from torch import Tensor

from hiervox.models.svc._singing.condition import ConditionSizes, Song
from hiervox.models.svc._singing.network import ConditionTransformer, SingingNetwork, SingingSizes
from hiervox.models.tts._vae.config import FlowSizes, StackSizes
from hiervox.modules.convolutions.wavenet import WaveNetSizes
from hiervox.modules.encoders.posterior import PosteriorEncoder
from hiervox.modules.flows.wavenet_coupling import wavenet_flow
from hiervox.modules.functional.gaussian import Latent
from hiervox.modules.functional.masking import mask_lengths, random_segment_starts, slice_segments
from hiervox.modules.generators.nsf_hifigan import NSFHiFiGANGenerator, NSFHiFiGANSizes
from hiervox.modules.transformers.relative import TransformerSizes

NORM_EPS = 1e-5
"""Of the prior's layer norms, as in VITS."""


class PriorSizes(TransformerSizes):
    """The transformer from the condition to the prior, as published."""

    filter_channels: PositiveInt = 256


class SourceDecoderSizes(NSFHiFiGANSizes):
    """NSF-HiFi-GAN from the latent, as wide as published, at 24 kHz."""

    in_channels: PositiveInt = 192
    initial_channels: PositiveInt = 768
    rates: tuple[PositiveInt, ...] = Field((8, 4, 2, 2, 2), min_length=2)
    kernel_sizes: tuple[PositiveInt, ...] = (16, 8, 4, 4, 4)
    sample_rate: PositiveInt = 24_000


class VitsSVCSizes(SingingSizes):
    """The network.

    Attributes:
        style_channels: of a singer's vector: one part is added to the condition, the other goes to posterior
            and flow.
        latent_style_channels: of the second part.
        n_bins: of the linear spectrogram that the posterior encoder reads.
        channels: of the latent; the WaveNets are as wide as the condition.
        prior, posterior, flow, decoder: sizes of the parts.
        segment_frames: latent frames that the decoder learns from in each step.
    """

    style_channels: PositiveInt = 448
    condition: ConditionSizes = ConditionSizes(hidden_channels=192)
    latent_style_channels: PositiveInt = 256
    n_bins: PositiveInt = 513
    channels: PositiveInt = Field(192, multiple_of=2)
    prior: PriorSizes = Field(default_factory=PriorSizes)
    posterior: StackSizes = StackSizes(n_layers=16)
    flow: FlowSizes = FlowSizes()
    decoder: SourceDecoderSizes = Field(default_factory=SourceDecoderSizes)
    segment_frames: PositiveInt = 32

    @property
    def singer_parts(self) -> dict[str, int]:
        """What a singer's vector consists of."""
        return {**super().singer_parts, "latent_style_channels": self.latent_style_channels}

    def wavenet(self, section: StackSizes) -> WaveNetSizes:
        """Of a WaveNet stack."""
        return WaveNetSizes(
            hidden_channels=self.condition.hidden_channels,
            n_layers=section.n_layers,
            kernel_size=section.kernel_size,
        )

    @model_validator(mode="after")
    def _sizes_fit(self) -> VitsSVCSizes:
        if self.condition.hidden_channels % self.prior.n_heads:
            raise ValueError("prior.n_heads must divide condition.hidden_channels")
        if self.decoder.in_channels != self.channels:
            raise ValueError(
                f"decoder.in_channels is {self.decoder.in_channels}, but channels {self.channels}"
            )
        return self


@dataclass
class VitsSVCDraws:
    """The random numbers of a training pass.

    Attributes:
        posterior: (B, channels, N), standard normal.
        starts: (B,) first frame of each slice.
    """

    posterior: Tensor
    starts: Tensor


@dataclass
class VitsSVCOutput:
    """A training pass, everything that the losses need.

    Attributes:
        wav: (B, 1, hop · S) decoded from a slice of S frames of the posterior's draw.
        starts: (B,) first frame of each slice.
        mask: (B, 1, N) of real frames.
        z_prior: (B, C, N), the posterior's draw through the flow.
        posterior: and its draw.
        prior_mean, prior_log_std: (B, C, N), of the song.
    """

    wav: Tensor
    starts: Tensor
    mask: Tensor
    z_prior: Tensor
    posterior: Latent
    prior_mean: Tensor
    prior_log_std: Tensor


class VitsSVC(SingingNetwork):
    """A song in a singer's voice to a latent, and that to sound.

    Args:
        sizes: see `VitsSVCSizes`.
    """

    def __init__(self, sizes: VitsSVCSizes) -> None:
        super().__init__(sizes)
        self.sizes = sizes
        style_channels = 0 if sizes.voice == "none" else sizes.latent_style_channels
        self.prior = ConditionTransformer(
            sizes.condition.hidden_channels, 2 * sizes.channels, sizes.prior, norm_eps=NORM_EPS
        )
        self.posterior_encoder = PosteriorEncoder(
            sizes.wavenet(sizes.posterior),
            in_channels=sizes.n_bins,
            latent_channels=sizes.channels,
            style_channels=style_channels,
        )
        self.flow = wavenet_flow(
            sizes.wavenet(sizes.flow),
            channels=sizes.channels,
            n_couplings=sizes.flow.n_couplings,
            style_channels=style_channels,
        )
        self.decoder = NSFHiFiGANGenerator(sizes.decoder)

    def condition(self, song: Song, style: Tensor | None) -> Tensor:
        """A song and a singer's vector (B, style_channels, 1) → (B, hidden_channels, N)."""
        own = None if style is None else style[:, : self.sizes.condition.hidden_channels]
        return super().condition(song, own)

    def latent_style(self, style: Tensor | None) -> Tensor | None:
        """What posterior and flow are given of a singer's vector, (B, latent_style_channels, 1)."""
        return None if style is None else style[:, self.sizes.condition.hidden_channels :]

    def read_song(self, condition: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Condition (B, hidden_channels, N), mask (B, 1, N) → the prior's mean and log deviation."""
        mean, log_std = self.prior(condition, mask).chunk(2, dim=1)
        return mean, log_std

    def draw(self, mask: Tensor) -> VitsSVCDraws:
        """The random numbers of a training pass over clips of a mask (B, 1, N)."""
        size, _, frames = mask.shape
        return VitsSVCDraws(
            posterior=torch.randn(size, self.sizes.channels, frames, device=mask.device),
            starts=random_segment_starts(mask_lengths(mask), self.sizes.segment_frames),
        )

    def forward(
        self, song: Song, voice: Tensor | None, linear_spec: Tensor, draws: VitsSVCDraws | None = None
    ) -> VitsSVCOutput:
        """The training pass.

        Args:
            song: (B, …, N).
            voice: see `singer`.
            linear_spec: (B, n_bins, N), 0 on padding.
            draws: the random numbers; drawn here where None.
        """
        draws = draws or self.draw(song.mask)
        style, mask = self.singer(voice, song), song.mask
        own = self.latent_style(style)
        prior_mean, prior_log_std = self.read_song(self.condition(song, style), mask)
        mean, log_std = self.posterior_encoder(linear_spec, mask, own)
        posterior = Latent(mean, log_std, (mean + draws.posterior * torch.exp(log_std)) * mask)
        return VitsSVCOutput(
            wav=self._decoded_slice(posterior.z, song.f0, draws.starts),
            starts=draws.starts,
            mask=mask,
            z_prior=self.flow(posterior.z, mask, own),
            posterior=posterior,
            prior_mean=prior_mean,
            prior_log_std=prior_log_std,
        )

    def _decoded_slice(self, z: Tensor, f0: Tensor, starts: Tensor) -> Tensor:
        """Latent (B, C, N) and F0 (B, N) of the same slices to sound."""
        frames = self.sizes.segment_frames
        latent = slice_segments(z, starts, frames)
        pitch = slice_segments(f0.unsqueeze(1), starts, frames).squeeze(1)
        return self.decode(latent, pitch)

    def decode(self, z: Tensor, f0: Tensor) -> Tensor:
        """Latent (B, C, N) and F0 (B, N), Hz → waveform (B, 1, hop · N)."""
        wav: Tensor = self.decoder(z, self.decoder.source_signal(z, f0))
        return wav

    def latent(self, song: Song, style: Tensor | None, noise: Tensor) -> Tensor:
        """A song to the latent that is decoded.

        Args:
            song: (B, …, N).
            style: (B, style_channels, 1), of the singer.
            noise: (B, C, N), in standard deviations of the prior.

        Returns:
            (B, C, N), 0 on padding.
        """
        mean, log_std = self.read_song(self.condition(song, style), song.mask)
        drawn = (mean + noise * torch.exp(log_std)) * song.mask
        z: Tensor = self.flow(drawn, song.mask, self.latent_style(style), reverse=True)
        return z

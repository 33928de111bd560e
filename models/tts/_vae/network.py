"""Text to a latent by aligned text and a flow, the latent to sound (VITS, arXiv 2106.06103)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import torch
from torch import Tensor

from hiervox.models.tts._vae.config import (
    FlowSizes,
    FourierDecoderSizes,
    HiFiGANDecoderSizes,
    LatentModelConfig,
    StackSizes,
)
from hiervox.models.tts._voices.network import SpeakerNetwork
from hiervox.models.tts.durations import read_apart, require_speakable
from hiervox.modules.alignment.monotonic import gaussian_log_likelihood, generate_path, maximum_path
from hiervox.modules.encoders.phoneme import PhonemeEncoder, PhonemeEncoderSizes
from hiervox.modules.encoders.posterior import PosteriorEncoder
from hiervox.modules.flows.coupling_flow import CouplingFlow
from hiervox.modules.flows.wavenet_coupling import wavenet_flow
from hiervox.modules.functional.gaussian import Noise, sample_gaussian
from hiervox.modules.functional.masking import random_segment_starts, sequence_mask
from hiervox.modules.generators.hifigan import HiFiGANGenerator
from hiervox.modules.generators.vocos import Vocos
from hiervox.modules.predictors.duration import DurationPredictor
from hiervox.modules.predictors.stochastic_duration import StochasticDurationPredictor

MAX_FRAMES_PER_TOKEN = 100  # a second to each symbol and each blank; speech has 1 to 6 frames

ConfigT = TypeVar("ConfigT", bound=LatentModelConfig)


@dataclass
class LatentDraws:
    """The random numbers of a training pass.

    Attributes:
        posterior: (B, channels, N), standard normal.
        duration: (B, 2, L), standard normal; None for the deterministic predictor.
        starts: (B,) first frame of each slice.
    """

    posterior: Tensor
    duration: Tensor | None
    starts: Tensor


@dataclass
class AlignedPrior:
    """What a text says of the frames that are aligned with it.

    Attributes:
        mean, log_std: (B, C, N), spread over frames by the alignment.
        token_mask: (B, 1, L) of real tokens.
        likelihood: (B, N, L) of each frame under each token, 0 in padding.
        alignment: (B, N, L) of 0 and 1.
        duration_loss: (B,) of the durations, summed over the tokens of an item.
    """

    mean: Tensor
    log_std: Tensor
    token_mask: Tensor
    likelihood: Tensor
    alignment: Tensor
    duration_loss: Tensor


@dataclass
class LatentOutput:
    """A training pass, what the losses of every such system need.

    Attributes:
        wav: (B, 1, hop · S) decoded from a slice of S frames of the posterior's sample.
        starts: (B,) first frame of each slice.
        mask: (B, 1, N) of real frames.
    """

    wav: Tensor
    starts: Tensor
    mask: Tensor


@dataclass
class LatentInference:
    """What text becomes before it is decoded.

    Attributes:
        z: (B, C, N) latent, 0 on padding.
        frame_lengths: (B,) real frames.
        durations: (B, L) frames of each token.
        alignment: (B, N, L) of 0 and 1.
    """

    z: Tensor
    frame_lengths: Tensor
    durations: Tensor
    alignment: Tensor


class LatentSpeech(SpeakerNetwork, Generic[ConfigT]):
    """Text encoder, posterior encoder, flow, duration predictor, decoder.

    A system gives `forward`, the training pass, and overrides `to_prior`, `from_prior` and `flow_context`
    where more than the flow stands between the decoded latent and the text's prior.

    Args:
        config: sizes.

    Attributes:
        posterior_encoder: of the decoded latent, from the linear spectrogram.
        flow: to where the text's prior lives.
    """

    def __init__(self, config: ConfigT) -> None:
        super().__init__(config)
        self.config = config
        self.text_encoder = PhonemeEncoder(
            PhonemeEncoderSizes(**config.text_encoder.model_dump()),
            n_symbols=config.n_symbols,
            channels=config.channels,
            out_channels=config.channels,
        )
        self.posterior_encoder = self.build_posterior(config.posterior_channels, config.posterior)
        self.flow = self.build_flow(config.flow)
        self.duration_predictor = _duration_predictor(config)
        self.decoder = _decoder(config.decoder)

    def build_posterior(self, in_channels: int, sizes: StackSizes) -> PosteriorEncoder:
        """From features (B, in_channels, N) to a latent."""
        return PosteriorEncoder(
            self.config.wavenet(sizes),
            in_channels=in_channels,
            latent_channels=self.config.channels,
            style_channels=self.config.condition_channels,
        )

    def build_flow(self, sizes: FlowSizes) -> CouplingFlow:
        """From one latent to another."""
        return wavenet_flow(
            self.config.wavenet(sizes),
            channels=self.config.channels,
            n_couplings=sizes.n_couplings,
            style_channels=self.config.condition_channels,
        )

    def to_prior(self, z: Tensor, mask: Tensor, style: Tensor | None) -> Tensor:
        """The decoded latent (B, C, N) to where the text's prior lives."""
        carried: Tensor = self.flow(z, mask, style)
        return carried

    def from_prior(self, z: Tensor, mask: Tensor, style: Tensor | None) -> Tensor:
        """The inverse of `to_prior`."""
        carried: Tensor = self.flow(z, mask, style, reverse=True)
        return carried

    @property
    def flow_context(self) -> int:
        """Frames on either side that one of `to_prior` depends on."""
        return self.config.flow.context

    def draw(self, frame_lengths: Tensor, frames: int, tokens: int) -> LatentDraws:
        """The random numbers of a training pass over (B,) clips padded to `frames` and `tokens`."""
        device, size = frame_lengths.device, len(frame_lengths)
        stochastic = self.config.duration.kind == "stochastic"
        return LatentDraws(
            posterior=torch.randn(size, self.config.channels, frames, device=device),
            duration=torch.randn(size, 2, tokens, device=device) if stochastic else None,
            starts=random_segment_starts(frame_lengths, self.config.segment_frames),
        )

    def align(
        self,
        z_prior: Tensor,
        mask: Tensor,
        tokens: Tensor,
        token_lengths: Tensor,
        style: Tensor | None,
        duration_noise: Tensor | None,
    ) -> AlignedPrior:
        """The likeliest monotonic alignment of a text with frames (section 2.2.1), and its durations.

        Args:
            z_prior: (B, C, N), where the text's prior lives.
            mask: (B, 1, N).
            tokens: (B, L), with blanks between where the config wants them.
            token_lengths: (B,).
            style: (B, style_channels, 1), or None.
            duration_noise: (B, 2, L) for the stochastic predictor.

        Raises:
            ValueError: a clip has fewer frames than tokens.
        """
        token_mask = sequence_mask(token_lengths, tokens.size(1))
        hidden, mean, log_std = self.text_encoder(tokens, token_mask)
        both = mask.transpose(1, 2) * token_mask
        likelihood = gaussian_log_likelihood(z_prior, mean, log_std).detach() * both
        alignment = maximum_path(likelihood, both)
        durations = alignment.sum(1, keepdim=True)
        return AlignedPrior(
            mean=mean @ alignment.transpose(1, 2),
            log_std=log_std @ alignment.transpose(1, 2),
            token_mask=token_mask,
            likelihood=likelihood,
            alignment=alignment,
            duration_loss=self._duration_loss(hidden, token_mask, style, durations, duration_noise),
        )

    def _duration_loss(
        self, hidden: Tensor, mask: Tensor, style: Tensor | None, durations: Tensor, noise: Tensor | None
    ) -> Tensor:
        predictor = self.duration_predictor
        if isinstance(predictor, DurationPredictor):
            loss: Tensor = predictor(hidden, mask, style, durations)
        else:
            loss = predictor(hidden, mask, style, durations, noise)
        return loss

    @torch.no_grad()
    def infer(
        self,
        tokens: Tensor,
        token_lengths: Tensor,
        style: Tensor | None = None,
        noise_scale: float = 0.667,
        duration_noise_scale: float = 0.8,
        length_scale: float | Tensor = 1.0,
        generator: Noise = None,
    ) -> LatentInference:
        """From tokens to the latent that `decode` takes.

        Without noise, or with a generator for each item, an item's result does not depend on the others of
        its batch.

        Args:
            tokens: (B, L), with blanks between where the config wants them.
            token_lengths: (B,).
            style: (B, style_channels, 1); None where there is one speaker.
            noise_scale: of the prior's standard deviation (section 3.4).
            duration_noise_scale: of the durations' noise; the deterministic predictor has none.
            length_scale: factor of the durations, larger is slower: one for all, or (B, 1, L).
            generator: of the noise, on any device; torch's own where None.

        Raises:
            CheckpointError: the predicted durations are beyond any speech.
        """
        token_mask = sequence_mask(token_lengths, tokens.size(1))
        mean, log_std, log_durations = self._read_text(
            tokens, token_mask, style, duration_noise_scale, generator
        )
        lengths = torch.exp(log_durations) * token_mask
        require_speakable(lengths.sum((1, 2)) / token_lengths, MAX_FRAMES_PER_TOKEN)
        durations = torch.ceil(lengths * length_scale).squeeze(1)
        frame_lengths = durations.sum(1).clamp_min(1).long()
        mask = sequence_mask(frame_lengths)
        alignment = generate_path(durations, mask.transpose(1, 2) * token_mask)
        z_prior = sample_gaussian(mean @ alignment.mT, log_std @ alignment.mT, mask, noise_scale, generator)
        return LatentInference(
            self.from_prior(z_prior, mask, style), frame_lengths, durations.long(), alignment
        )

    def _read_text(
        self, tokens: Tensor, mask: Tensor, style: Tensor | None, noise_scale: float, generator: Noise
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Prior mean and log standard deviation (B, C, L) and log-durations (B, 1, L).

        With a generator for each item, the items are read one by one (`read_apart`).
        """
        if isinstance(generator, Sequence):

            def read(
                item: int, own: Tensor, own_mask: Tensor, own_style: Tensor | None
            ) -> tuple[Tensor, ...]:
                return self._read_text(own, own_mask, own_style, noise_scale, generator[item])

            mean, log_std, log_durations = read_apart(read, tokens, mask, style)
            return mean, log_std, log_durations
        hidden, mean, log_std = self.text_encoder(tokens, mask)
        predictor = self.duration_predictor
        if isinstance(predictor, DurationPredictor):
            return mean, log_std, predictor.log_durations(hidden, mask, style)
        return mean, log_std, predictor.sample(hidden, mask, style, noise_scale, generator)

    @torch.no_grad()
    def decode(self, z: Tensor, style: Tensor | None = None) -> Tensor:
        """Latent (B, C, N) → waveform (B, 1, hop · N)."""
        wav: Tensor = self.decoder(z, style)
        return wav

    @property
    def conversion_context(self) -> int:
        """Frames on either side that one of `convert` depends on: the posterior's, and twice the flow's."""
        return self.config.posterior.context + 2 * self.flow_context

    @torch.no_grad()
    def convert(
        self,
        linear_spec: Tensor,
        frame_lengths: Tensor,
        source: Tensor,
        target: Tensor,
        noise: Tensor | None = None,
    ) -> Tensor:
        """The latent of a recording in another voice (section 4.3).

        Args:
            linear_spec: (B, n_bins, N), 0 on padding.
            frame_lengths: (B,).
            source, target: (B, style_channels, 1), the voices of the recording and of the result.
            noise: (B, C, N), in standard deviations of the posterior; None for its mean. The published code
                draws it.

        Returns:
            (B, C, N), for `decode` with the target's voice.
        """
        mask = sequence_mask(frame_lengths, linear_spec.size(2))
        mean, log_std = self.posterior_encoder(linear_spec, mask, source)
        z = mean * mask if noise is None else (mean + noise * torch.exp(log_std)) * mask
        return self.from_prior(self.to_prior(z, mask, source), mask, target)


def _decoder(sizes: HiFiGANDecoderSizes | FourierDecoderSizes) -> HiFiGANGenerator | Vocos:
    return Vocos(sizes) if isinstance(sizes, FourierDecoderSizes) else HiFiGANGenerator(sizes)


def _duration_predictor(config: LatentModelConfig) -> DurationPredictor | StochasticDurationPredictor:
    predictor = DurationPredictor if config.duration.kind == "deterministic" else StochasticDurationPredictor
    return predictor(config.channels, config.duration, style_channels=config.condition_channels)

"""VITS: a conditional variational autoencoder of waveforms, its prior aligned text (arXiv 2106.06103)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from hiervox.models.tts._voices.network import SpeakerNetwork
from hiervox.models.tts.durations import read_apart, require_speakable
from hiervox.models.tts.vits.config import VitsConfig, VitsDecoderSizes, VitsFourierDecoderSizes
from hiervox.models.tts.vits.networks.wavenet_coupling import WaveNetCoupling
from hiervox.modules.alignment.monotonic import gaussian_log_likelihood, generate_path, maximum_path
from hiervox.modules.encoders.phoneme import PhonemeEncoder, PhonemeEncoderSizes
from hiervox.modules.encoders.posterior import PosteriorEncoder
from hiervox.modules.flows.coupling_flow import CouplingFlow
from hiervox.modules.functional.gaussian import Noise, sample_gaussian
from hiervox.modules.functional.masking import (
    random_segment_starts,
    sequence_mask,
    slice_segments,
)
from hiervox.modules.generators.hifigan import HiFiGANGenerator
from hiervox.modules.generators.vocos import Vocos
from hiervox.modules.predictors.duration import DurationPredictor
from hiervox.modules.predictors.stochastic_duration import StochasticDurationPredictor

MAX_FRAMES_PER_TOKEN = 100  # a second to each symbol and each blank; speech has 1 to 6 frames


@dataclass
class VitsDraws:
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
class VitsOutput:
    """A training pass, everything that the losses need.

    Attributes:
        wav: (B, 1, hop · S) decoded from a slice of S frames of the posterior's sample.
        starts: (B,) first frame of each slice.
        z_prior: (B, C, N) the posterior's sample after the flow.
        posterior_log_std: (B, C, N).
        prior_mean, prior_log_std: (B, C, N), spread over frames by the alignment.
        mask: (B, 1, N) of real frames.
        token_mask: (B, 1, L) of real tokens.
        likelihood: (B, N, L) of each frame under each token, 0 in padding.
        alignment: (B, N, L) of 0 and 1.
        duration_loss: (B,) of the durations, summed over the tokens of an item.
    """

    wav: Tensor
    starts: Tensor
    z_prior: Tensor
    posterior_log_std: Tensor
    prior_mean: Tensor
    prior_log_std: Tensor
    mask: Tensor
    token_mask: Tensor
    likelihood: Tensor
    alignment: Tensor
    duration_loss: Tensor


@dataclass
class VitsInference:
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


class Vits(SpeakerNetwork):
    """Text encoder, posterior encoder, flow, duration predictor, decoder.

    Args:
        config: sizes.
    """

    def __init__(self, config: VitsConfig) -> None:
        super().__init__(config)
        self.config = config
        channels, style_channels = config.channels, config.condition_channels
        self.text_encoder = PhonemeEncoder(
            PhonemeEncoderSizes(**config.text_encoder.model_dump()),
            n_symbols=config.n_symbols,
            channels=channels,
            out_channels=channels,
        )
        self.posterior_encoder = PosteriorEncoder(
            config.wavenet(config.posterior),
            in_channels=config.n_bins,
            latent_channels=channels,
            style_channels=style_channels,
        )
        self.flow = CouplingFlow(
            WaveNetCoupling(channels, config.wavenet(config.flow), style_channels=style_channels)
            for _ in range(config.flow.n_couplings)
        )
        self.duration_predictor = _duration_predictor(config)
        self.decoder = _decoder(config.decoder)

    def draw(self, frame_lengths: Tensor, frames: int, tokens: int) -> VitsDraws:
        """The random numbers of a training pass over (B,) clips padded to `frames` and `tokens`."""
        device, size = frame_lengths.device, len(frame_lengths)
        stochastic = self.config.duration.kind == "stochastic"
        return VitsDraws(
            posterior=torch.randn(size, self.config.channels, frames, device=device),
            duration=torch.randn(size, 2, tokens, device=device) if stochastic else None,
            starts=random_segment_starts(frame_lengths, self.config.segment_frames),
        )

    def forward(
        self,
        linear_spec: Tensor,
        frame_lengths: Tensor,
        tokens: Tensor,
        token_lengths: Tensor,
        voice: Tensor | None = None,
        draws: VitsDraws | None = None,
    ) -> VitsOutput:
        """The training pass.

        Args:
            linear_spec: (B, n_bins, N), 0 on padding.
            frame_lengths: (B,), each at least the item's token length.
            tokens: (B, L), with blanks between where the config wants them.
            token_lengths: (B,).
            voice: by `config.voice` rows (B,) of the speaker table, log-mel (B, mel_channels, N) of the
                clips, or None.
            draws: the random numbers; drawn here where None.

        Raises:
            ValueError: a clip has fewer frames than tokens.
        """
        draws = draws or self.draw(frame_lengths, linear_spec.shape[2], tokens.shape[1])
        mask = sequence_mask(frame_lengths, linear_spec.size(2))
        token_mask = sequence_mask(token_lengths, tokens.size(1))
        style = self.style(voice, mask)
        hidden, prior_mean, prior_log_std = self.text_encoder(tokens, token_mask)
        posterior_mean, posterior_log_std = self.posterior_encoder(linear_spec, mask, style)
        z = (posterior_mean + draws.posterior * torch.exp(posterior_log_std)) * mask
        z_prior = self.flow(z, mask, style)

        both = mask.transpose(1, 2) * token_mask
        likelihood = gaussian_log_likelihood(z_prior, prior_mean, prior_log_std).detach() * both
        alignment = maximum_path(likelihood, both)
        durations = alignment.sum(1, keepdim=True)
        z_slice = slice_segments(z, draws.starts, self.config.segment_frames)
        return VitsOutput(
            wav=self.decoder(z_slice, style),
            starts=draws.starts,
            z_prior=z_prior,
            posterior_log_std=posterior_log_std,
            prior_mean=prior_mean @ alignment.transpose(1, 2),
            prior_log_std=prior_log_std @ alignment.transpose(1, 2),
            mask=mask,
            token_mask=token_mask,
            likelihood=likelihood,
            alignment=alignment,
            duration_loss=self._duration_loss(hidden, token_mask, style, durations, draws.duration),
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
    ) -> VitsInference:
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
        return VitsInference(
            self.flow(z_prior, mask, style, reverse=True), frame_lengths, durations.long(), alignment
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
        posterior, flow = self.config.posterior, self.config.flow
        own = posterior.n_layers * (posterior.kernel_size // 2)
        return own + 2 * flow.n_couplings * flow.n_layers * (flow.kernel_size // 2)

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
        latent: Tensor = self.flow(self.flow(z, mask, source), mask, target, reverse=True)
        return latent


def _decoder(sizes: VitsDecoderSizes | VitsFourierDecoderSizes) -> HiFiGANGenerator | Vocos:
    return Vocos(sizes) if isinstance(sizes, VitsFourierDecoderSizes) else HiFiGANGenerator(sizes)


def _duration_predictor(config: VitsConfig) -> DurationPredictor | StochasticDurationPredictor:
    predictor = DurationPredictor if config.duration.kind == "deterministic" else StochasticDurationPredictor
    return predictor(config.channels, config.duration, style_channels=config.condition_channels)

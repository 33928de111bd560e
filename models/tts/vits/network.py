"""VITS: a conditional variational autoencoder of waveforms, its prior aligned text (arXiv 2106.06103)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from hiervox.models.tts._vae.network import AlignedPrior, LatentDraws, LatentOutput, LatentSpeech
from hiervox.models.tts.vits.config import VitsConfig
from hiervox.modules.functional.masking import sequence_mask, slice_segments


@dataclass
class VitsOutput(LatentOutput):
    """A training pass, everything that the losses need.

    Attributes:
        z_prior: (B, C, N) the posterior's sample after the flow.
        posterior_log_std: (B, C, N).
        prior: of the text, aligned with `z_prior`.
    """

    z_prior: Tensor
    posterior_log_std: Tensor
    prior: AlignedPrior


class Vits(LatentSpeech[VitsConfig]):
    """Text encoder, posterior encoder, flow, duration predictor, decoder."""

    def forward(
        self,
        linear_spec: Tensor,
        frame_lengths: Tensor,
        tokens: Tensor,
        token_lengths: Tensor,
        voice: Tensor | None = None,
        draws: LatentDraws | None = None,
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
        style = self.style(voice, mask)
        mean, log_std = self.posterior_encoder(linear_spec, mask, style)
        z = (mean + draws.posterior * torch.exp(log_std)) * mask
        z_prior = self.to_prior(z, mask, style)
        z_slice = slice_segments(z, draws.starts, self.config.segment_frames)
        return VitsOutput(
            wav=self.decoder(z_slice, style),
            starts=draws.starts,
            mask=mask,
            z_prior=z_prior,
            posterior_log_std=log_std,
            prior=self.align(z_prior, mask, tokens, token_lengths, style, draws.duration),
        )

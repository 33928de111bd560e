"""HierSpeech: text, linguistic latent, acoustic latent, sound (NeurIPS 2022, section 3)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from hiervox.models.tts._vae.network import AlignedPrior, LatentDraws, LatentOutput, LatentSpeech
from hiervox.models.tts.hierspeech.config import HierSpeechConfig
from hiervox.modules.functional.gaussian import Latent
from hiervox.modules.functional.masking import sequence_mask, slice_segments


@dataclass
class HierSpeechDraws(LatentDraws):
    """The random numbers of a training pass.

    Attributes:
        linguistic: (B, channels, N), standard normal.
    """

    linguistic: Tensor


@dataclass
class HierSpeechOutput(LatentOutput):
    """A training pass, everything that the losses need.

    Attributes:
        acoustic, linguistic: the latents; the acoustic one is None where the linguistic one is decoded.
        acoustic_as_linguistic: (B, C, N), the acoustic draw through the acoustic flow.
        linguistic_as_text: (B, C, N), the linguistic draw through the flow to the text's prior.
        prior: of the text, aligned with `linguistic_as_text`; None where no text was given.
        phoneme_logits: (B, n_symbols, N), from the linguistic latent of what has a text.
    """

    acoustic: Latent | None
    linguistic: Latent
    acoustic_as_linguistic: Tensor | None
    linguistic_as_text: Tensor | None
    prior: AlignedPrior | None
    phoneme_logits: Tensor | None


class HierSpeech(LatentSpeech[HierSpeechConfig]):
    """VITS with a linguistic latent between the text's prior and the acoustic latent.

    Args:
        config: sizes.

    Attributes:
        posterior_encoder: of the decoded latent, the acoustic one, from the linear spectrogram.
        linguistic_encoder: of the linguistic latent, from semantic vectors.
        acoustic_flow: acoustic latent → linguistic one.
        flow: linguistic latent → where the text's prior lives.
        phoneme_predictor: linguistic latent → phonemes.
    """

    def __init__(self, config: HierSpeechConfig) -> None:
        super().__init__(config)
        if config.acoustic:
            self.linguistic_encoder = self.build_posterior(config.semantic_channels, config.linguistic)
            self.acoustic_flow = self.build_flow(config.acoustic_flow)
        if config.phonemes:
            self.phoneme_predictor = nn.Conv1d(config.channels, config.n_symbols, 1, bias=False)

    def draw(self, frame_lengths: Tensor, frames: int, tokens: int) -> HierSpeechDraws:
        """The random numbers of a training pass over (B,) clips padded to `frames` and `tokens`."""
        draws = super().draw(frame_lengths, frames, tokens)
        return HierSpeechDraws(**vars(draws), linguistic=torch.randn_like(draws.posterior))

    def forward(
        self,
        linear_spec: Tensor,
        semantic: Tensor,
        frame_lengths: Tensor,
        text: tuple[Tensor, Tensor] | None,
        voice: Tensor | None = None,
        draws: HierSpeechDraws | None = None,
    ) -> HierSpeechOutput:
        """The training pass (equations 6 to 8).

        Args:
            linear_spec: (B, n_bins, N), 0 on padding.
            semantic: (B, semantic_channels, N).
            frame_lengths: (B,), each at least the item's token length.
            text: tokens (B, L), with blanks between where the config wants them, and their lengths (B,);
                None to adapt without transcripts.
            voice: by `config.voice` rows (B,) of the speaker table, log-mel (B, mel_channels, N) of the
                clips, or None.
            draws: the random numbers; drawn here where None.

        Raises:
            ValueError: a clip has fewer frames than tokens.
        """
        tokens = 0 if text is None else text[0].shape[1]
        draws = draws or self.draw(frame_lengths, linear_spec.shape[2], tokens)
        mask = sequence_mask(frame_lengths, linear_spec.size(2))
        style = self.style(voice, mask)
        acoustic = acoustic_as_linguistic = None
        if self.config.acoustic:
            acoustic = _drawn(self.posterior_encoder(linear_spec, mask, style), draws.posterior, mask)
            acoustic_as_linguistic = self.acoustic_flow(acoustic.z, mask, style)
        encoder = self.linguistic_encoder if self.config.acoustic else self.posterior_encoder
        linguistic = _drawn(encoder(semantic, mask, style), draws.linguistic, mask)
        prior = linguistic_as_text = phoneme_logits = None
        if text is not None:
            linguistic_as_text = self.flow(linguistic.z, mask, style)
            prior = self.align(linguistic_as_text, mask, *text, style, draws.duration)
            phoneme_logits = self.phoneme_predictor(linguistic.z) if self.config.phonemes else None
        decoded = linguistic if acoustic is None else acoustic
        return HierSpeechOutput(
            wav=self.decoder(slice_segments(decoded.z, draws.starts, self.config.segment_frames), style),
            starts=draws.starts,
            mask=mask,
            acoustic=acoustic,
            linguistic=linguistic,
            acoustic_as_linguistic=acoustic_as_linguistic,
            linguistic_as_text=linguistic_as_text,
            prior=prior,
            phoneme_logits=phoneme_logits,
        )

    def to_prior(self, z: Tensor, mask: Tensor, style: Tensor | None) -> Tensor:
        """The decoded latent (B, C, N) through both flows to where the text's prior lives."""
        if self.config.acoustic:
            z = self.acoustic_flow(z, mask, style)
        return super().to_prior(z, mask, style)

    def from_prior(self, z: Tensor, mask: Tensor, style: Tensor | None) -> Tensor:
        """The inverse of `to_prior`."""
        z = super().from_prior(z, mask, style)
        return self.acoustic_flow(z, mask, style, reverse=True) if self.config.acoustic else z

    @property
    def flow_context(self) -> int:
        """Frames on either side that one of `to_prior` depends on."""
        return super().flow_context + (self.config.acoustic_flow.context if self.config.acoustic else 0)


def _drawn(gaussian: tuple[Tensor, Tensor], noise: Tensor, mask: Tensor) -> Latent:
    mean, log_std = gaussian
    return Latent(mean, log_std, (mean + noise * torch.exp(log_std)) * mask)

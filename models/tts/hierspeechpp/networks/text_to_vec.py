"""Text-to-vec: phonemes and a voice to semantic vectors and F0.

HierSpeech++, arXiv 2311.12454, section 3.3.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from hiervox.models.tts.durations import require_speakable
from hiervox.models.tts.hierspeechpp.networks.contour_predictor import ContourPredictor, pitch_values
from hiervox.models.tts.hierspeechpp.networks.pitch_predictor import PitchPredictor
from hiervox.models.tts.hierspeechpp.networks.semantic_decoder import SemanticDecoder
from hiervox.models.tts.hierspeechpp.networks.text_encoder import TextEncoder
from hiervox.models.tts.hierspeechpp.networks.transformer_flow import transformer_flow
from hiervox.models.tts.hierspeechpp.networks.voice_encoder import SpeakerProjection
from hiervox.models.tts.hierspeechpp.ttv_config import TextToVecConfig
from hiervox.modules.alignment.monotonic import gaussian_log_likelihood, generate_path, maximum_path
from hiervox.modules.encoders.posterior import PosteriorEncoder
from hiervox.modules.encoders.style import StyleEncoder, StyleEncoderSizes
from hiervox.modules.functional.gaussian import Noise, sample_gaussian
from hiervox.modules.functional.masking import (
    mask_lengths,
    random_segment_starts,
    sequence_mask,
    slice_segments,
)
from hiervox.modules.losses.ctc import phoneme_evidence
from hiervox.modules.predictors.stochastic_duration import StochasticDurationPredictor

SPOKEN_NOISE_SCALE = 0.333  # of what `spoken_ratio` says is spoken in training: inference's
MAX_FRAMES_PER_TOKEN = 50  # a second to each symbol and each blank; speech has 1 to 3 frames


@dataclass
class TextToVecOutput:
    """A training pass, everything that the losses need.

    Attributes:
        semantic: (B, semantic_channels, N) decoded from the posterior, or, of `spoken_ratio` of the items in
            training, from the aligned text.
        z_prior: (B, C, N) the posterior's sample after the flow.
        posterior_log_std: (B, C, N).
        prior_mean, prior_log_std: (B, C, N), spread over frames by the alignment.
        mask: (B, 1, N) of real frames.
        token_mask: (B, 1, L) of real tokens.
        alignment: (B, N, L) of 0 and 1.
        duration_bound: (B,) negative variational bound of the durations.
        phoneme_logits: (B, n_symbols, N) from the posterior.
        log_f0: (B, 1, 4 S) predicted on a random slice of S frames of the true semantic vectors, or of
            the decoded ones of the items that are decoded from text. With `config.contour` as if all were
            voiced.
        voicing: (B, 1, 4 S), with `config.contour` the logit of a voiced frame; None without.
        slice_starts: (B,) first frame of each slice.
        slice_mask: (B, 1, S) of the slices' real frames.
    """

    semantic: Tensor
    z_prior: Tensor
    posterior_log_std: Tensor
    prior_mean: Tensor
    prior_log_std: Tensor
    mask: Tensor
    token_mask: Tensor
    alignment: Tensor
    duration_bound: Tensor
    phoneme_logits: Tensor
    log_f0: Tensor
    voicing: Tensor | None
    slice_starts: Tensor
    slice_mask: Tensor


@dataclass
class TextToVecInference:
    """What text becomes.

    Attributes:
        semantic: (B, semantic_channels, N) at 50 frames/s, 0 on padding.
        log_f0: (B, 1, 4 N) at 200 frames/s, log(F0 + 1), as predicted: unvoiced frames are near 0, not at it.
        frame_lengths: (B,) real semantic frames.
        alignment: (B, N, L) of 0 and 1.
    """

    semantic: Tensor
    log_f0: Tensor
    frame_lengths: Tensor
    alignment: Tensor


class TextToVec(nn.Module):
    """A variational autoencoder of semantic vectors whose prior is aligned text, as VITS of waveforms."""

    def __init__(self, config: TextToVecConfig) -> None:
        super().__init__()
        self.config = config
        channels, style_channels = config.channels, config.style_channels
        self.style_encoder = StyleEncoder(
            StyleEncoderSizes(hidden_channels=style_channels),
            mel_channels=config.mel_channels,
            style_channels=style_channels,
        )
        self.speaker_projection: SpeakerProjection | None = None
        if config.speaker is not None:
            sizes = config.speaker
            self.speaker_projection = SpeakerProjection(sizes.channels, sizes.hidden_channels, style_channels)
        self.text_encoder = TextEncoder(
            config.text_encoder,
            n_symbols=config.n_symbols,
            channels=channels,
            out_channels=channels,
            style_channels=style_channels,
        )
        self.posterior_encoder = PosteriorEncoder(
            config.posterior,
            in_channels=config.semantic_channels,
            latent_channels=channels,
            style_channels=style_channels,
        )
        self.flow = transformer_flow(config.flow, channels=channels, style_channels=style_channels)
        self.semantic_decoder = SemanticDecoder(
            config.decoder,
            in_channels=channels,
            out_channels=config.semantic_channels,
            dropout=config.decoder.dropout,
            style_channels=style_channels,
        )
        self.duration_predictor = StochasticDurationPredictor(
            channels, config.duration, style_channels=style_channels
        )
        self.pitch_predictor: PitchPredictor | ContourPredictor
        if config.contour is None:
            self.pitch_predictor = PitchPredictor(
                config.semantic_channels, config.pitch_channels, style_channels
            )
        else:
            self.pitch_predictor = ContourPredictor(config.semantic_channels, style_channels, config.contour)
        self.phoneme_classifier = nn.Conv1d(channels, config.n_symbols, 1, bias=False)

    def style(
        self,
        mel: Tensor,
        mask: Tensor | None = None,
        speaker: Tensor | None = None,
        pitch: Tensor | None = None,
    ) -> Tensor:
        """The voice of a log-mel spectrogram.

        Args:
            mel: (B, mel_channels, M).
            mask: (B, 1, M); None where nothing is padding.
            speaker: (B, E), the prompt's embedding by the synthesizer's speaker encoder; None without one.
            pitch: (B, 2), with `config.contour`: the prompt's `pitch_level` in Hz, 0, 0 where nothing is
                voiced.

        Returns:
            (B, style_channels, 1); with `config.contour` the embedding and the pitch follow the style, for
            the pitch predictor alone.

        Raises:
            ValueError: the network takes embeddings or pitch, and none is given.
        """
        if mask is None:
            mask = torch.ones_like(mel[:, :1])
        style: Tensor = self.style_encoder(mel, mask)
        if self.config.embedding is None:
            return style
        if speaker is None:
            raise ValueError("this network needs the speaker embedding of the prompt")
        if self.speaker_projection is not None:
            style = style + self.speaker_projection(speaker)
        if self.config.contour is None:
            return style
        if pitch is None:
            raise ValueError("this network needs the pitch of the prompt")
        voice = torch.cat([speaker.to(style.dtype), pitch_values(pitch).to(style)], dim=1)
        return torch.cat([style, voice.unsqueeze(2)], dim=1)

    def _own(self, style: Tensor) -> Tensor:
        """What all but the pitch predictor take of a style: (B, style_channels, 1)."""
        return style[:, : self.config.style_channels]

    def forward(
        self,
        semantic: Tensor,
        frame_lengths: Tensor,
        tokens: Tensor,
        token_lengths: Tensor,
        mel: Tensor,
        mel_mask: Tensor | None = None,
        speaker: Tensor | None = None,
        pitch: Tensor | None = None,
    ) -> TextToVecOutput:
        """The training pass.

        Args:
            semantic: (B, semantic_channels, N), 0 on padding.
            frame_lengths: (B,), each at least the item's token length.
            tokens: (B, L), with blanks between where the config wants them.
            token_lengths: (B,).
            mel: (B, mel_channels, M), of what the style comes from: the same clips, or their prompts.
            mel_mask: (B, 1, M), of `mel`; None where it is that of the clips.
            speaker, pitch: as for `style`.

        Raises:
            ValueError: a clip has fewer frames than tokens.
        """
        mask = sequence_mask(frame_lengths, semantic.size(2))
        token_mask = sequence_mask(token_lengths, tokens.size(1))
        voice = self.style(mel, mask if mel_mask is None else mel_mask, speaker, pitch)
        style = self._own(voice)
        hidden, prior_mean, prior_log_std = self.text_encoder(tokens, token_mask, style)
        posterior_mean, posterior_log_std = self.posterior_encoder(semantic, mask, style)
        z = sample_gaussian(posterior_mean, posterior_log_std, mask)
        z_prior = self.flow(z, mask, style)

        phoneme_logits = self.phoneme_classifier(z)
        likelihood = gaussian_log_likelihood(z_prior, prior_mean, prior_log_std)
        if self.config.alignment_ctc:
            likelihood = likelihood + self.config.alignment_ctc * _phoneme_scores(
                phoneme_logits, tokens, None if self.config.blanks else mask
            )
        alignment = maximum_path(likelihood.detach(), mask.transpose(1, 2) * token_mask)
        durations = alignment.sum(1, keepdim=True)
        frame_mean = prior_mean @ alignment.transpose(1, 2)
        frame_log_std = prior_log_std @ alignment.transpose(1, 2)
        spoken = self._spoken_items(z)
        z_decoded, observed = z, semantic
        if len(spoken):
            prior = frame_mean[spoken], frame_log_std[spoken]
            z_spoken = sample_gaussian(*prior, mask[spoken], self.config.prior_noise * SPOKEN_NOISE_SCALE)
            z_spoken = self.flow(z_spoken, mask[spoken], style[spoken], reverse=True)
            z_decoded = z.index_copy(0, spoken, z_spoken.to(z.dtype))
        decoded = self.semantic_decoder(z_decoded, mask, style)
        if len(spoken):
            observed = semantic.index_copy(0, spoken, decoded[spoken].detach().to(semantic.dtype))
        slice_frames = self.config.pitch_slice_frames
        starts = random_segment_starts(frame_lengths, slice_frames)
        slice_mask = slice_segments(mask, starts, slice_frames)
        log_f0, voicing = self._contour(slice_segments(observed, starts, slice_frames), slice_mask, voice)
        return TextToVecOutput(
            semantic=decoded,
            z_prior=z_prior,
            posterior_log_std=posterior_log_std,
            prior_mean=frame_mean,
            prior_log_std=frame_log_std,
            mask=mask,
            token_mask=token_mask,
            alignment=alignment,
            duration_bound=self.duration_predictor(hidden, token_mask, style, durations),
            phoneme_logits=phoneme_logits,
            log_f0=log_f0,
            voicing=voicing,
            slice_starts=starts,
            slice_mask=slice_mask,
        )

    def _contour(self, semantic: Tensor, mask: Tensor, style: Tensor) -> tuple[Tensor, Tensor | None]:
        """Log(F0 + 1) and the logit of being voiced, both (B, 1, 4 S), as `TextToVecOutput` has them."""
        if isinstance(self.pitch_predictor, ContourPredictor):
            return self.pitch_predictor.contour(semantic, mask, style)
        return self.pitch_predictor(semantic, mask, style), None

    def _spoken_items(self, z: Tensor) -> Tensor:
        """Which items training decodes from text (n,)."""
        ratio = self.config.spoken_ratio
        if not self.training or ratio == 0:
            return torch.empty(0, dtype=torch.long, device=z.device)
        return (torch.rand(len(z), device=z.device) < ratio).nonzero().squeeze(1)

    @torch.no_grad()
    def infer(
        self,
        tokens: Tensor,
        token_lengths: Tensor,
        style: Tensor,
        noise_scale: float = 0.333,
        duration_noise_scale: float = 1.0,
        length_scale: float | Tensor = 1.0,
        generator: Noise = None,
        longest: Tensor | None = None,
    ) -> TextToVecInference:
        """Speak tokens in the voice of `style`.

        Without noise, or with a generator for each item, an item's result does not depend on the others of
        its batch.

        Args:
            tokens: (B, L), with blanks between where the config wants them.
            token_lengths: (B,).
            style: (B, style_channels, 1), of `style`; longer with `config.contour`.
            noise_scale: deviation of the prior's sample; 0.333 is robust, 0.667 expressive (published code).
            duration_noise_scale: deviation of the durations' sample, times `duration.noise` of the config.
            length_scale: factor of the durations, larger is slower: one for all, or (B, 1, L).
            generator: of the noise, on any device; torch's own where None.
            longest: (B, 1, L), most frames of each token after scaling; None leaves them as they are.

        Raises:
            CheckpointError: the predicted durations are beyond any speech.
        """
        token_mask = sequence_mask(token_lengths, tokens.size(1))
        voice, style = style, self._own(style)
        prior_mean, prior_log_std, log_durations = self._read_text(
            tokens, token_mask, style, duration_noise_scale, generator
        )
        lengths = torch.exp(log_durations) * token_mask
        require_speakable(lengths.sum((1, 2)) / token_lengths, MAX_FRAMES_PER_TOKEN)
        durations = torch.ceil(lengths * length_scale)
        if longest is not None:
            durations = torch.minimum(durations, longest)
        durations = durations.squeeze(1)
        frame_lengths = durations.sum(1).clamp_min(1).long()
        mask = sequence_mask(frame_lengths)
        alignment = generate_path(durations, mask.transpose(1, 2) * token_mask)

        mean = prior_mean @ alignment.transpose(1, 2)
        log_std = prior_log_std @ alignment.transpose(1, 2)
        z_prior = sample_gaussian(mean, log_std, mask, self.config.prior_noise * noise_scale, generator)
        semantic = self.decode_prior(z_prior, mask, style)
        return TextToVecInference(
            semantic, self.pitch_predictor(semantic, mask, voice), frame_lengths, alignment
        )

    def decode_prior(self, z_prior: Tensor, mask: Tensor, style: Tensor) -> Tensor:
        """Draws from the aligned text's prior (B, C, N) → semantic vectors (B, semantic_channels, N).

        Args:
            z_prior: the draws.
            mask: (B, 1, N).
            style: of `style`.
        """
        own = self._own(style)
        semantic: Tensor = self.semantic_decoder(self.flow(z_prior, mask, own, reverse=True), mask, own)
        return semantic

    def _read_text(
        self, tokens: Tensor, mask: Tensor, style: Tensor, noise_scale: float, generator: Noise
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Prior mean and log-deviation (B, C, L) and log-durations (B, 1, L).

        With a generator for each item, the items are read one by one: durations are rounded to whole frames,
        which must not depend on the last bits of a number, and those depend on the batch.
        """
        if isinstance(generator, Sequence):
            lengths = mask_lengths(mask).tolist()
            parts = [
                self._read_text(tokens[[i], :length], mask[[i], :, :length], style[[i]], noise_scale, own)
                for i, (length, own) in enumerate(zip(lengths, generator, strict=True))
            ]
            mean, log_std, log_durations = (
                torch.cat([functional.pad(item, (0, mask.shape[-1] - item.shape[-1])) for item in items])
                for items in zip(*parts, strict=True)
            )
            return mean, log_std, log_durations
        hidden, mean, log_std = self.text_encoder(tokens, mask, style)
        noise_scale *= self.config.duration.noise
        return mean, log_std, self.duration_predictor.sample(hidden, mask, style, noise_scale, generator)


def _phoneme_scores(logits: Tensor, tokens: Tensor, mask: Tensor | None = None) -> Tensor:
    """How well each token fits each frame: (B, V, N) and (B, L) → (B, N, L), float32.

    Without `mask` its log-probability: CTC's blank is the symbol between the tokens, so the best path through
    these is CTC's forced alignment. With it (B, 1, N), the evidence of tokens that have no blanks between.
    """
    logits = logits.detach().float()
    scores = torch.log_softmax(logits, dim=1) if mask is None else phoneme_evidence(logits, mask)
    return scores.mT.gather(2, tokens.unsqueeze(1).expand(-1, scores.shape[2], -1))

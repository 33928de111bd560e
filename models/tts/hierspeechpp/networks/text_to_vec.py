"""Text-to-vec: phonemes and a voice to semantic vectors and F0.

HierSpeech++, arXiv 2311.12454, section 3.3.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from hiervox.models.tts._hierarchy.networks.transformer_flow import transformer_flow
from hiervox.models.tts.durations import require_speakable
from hiervox.models.tts.hierspeechpp.networks.pitch_predictor import PitchPredictor
from hiervox.models.tts.hierspeechpp.networks.semantic_decoder import SemanticDecoder
from hiervox.models.tts.hierspeechpp.networks.text_encoder import TextEncoder
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
from hiervox.modules.predictors.stochastic_duration import StochasticDurationPredictor

MAX_FRAMES_PER_TOKEN = 50  # a second to each symbol and each blank; speech has 1 to 3 frames


@dataclass
class TextToVecOutput:
    """A training pass, everything that the losses need.

    Attributes:
        semantic: (B, semantic_channels, N) decoded from the posterior.
        z_prior: (B, C, N) the posterior's sample after the flow.
        posterior_log_std: (B, C, N).
        prior_mean, prior_log_std: (B, C, N), spread over frames by the alignment.
        mask: (B, 1, N) of real frames.
        token_mask: (B, 1, L) of real tokens.
        alignment: (B, N, L) of 0 and 1.
        duration_bound: (B,) negative variational bound of the durations.
        phoneme_logits: (B, n_symbols, N) from the posterior.
        log_f0: (B, 1, 4 S) predicted on a random slice of S frames of the true semantic vectors.
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
    """A variational autoencoder of semantic vectors whose prior is aligned text, as VITS of waveforms.

    What a variant has otherwise it overrides: `build_pitch_predictor`, `style`, `reading_style`,
    `alignment_scores`, `decode_training`, `predict_slice`, `speak_prior`.
    """

    def __init__(self, config: TextToVecConfig) -> None:
        super().__init__()
        self.config = config
        channels, style_channels = config.channels, config.style_channels
        self.style_encoder = StyleEncoder(
            StyleEncoderSizes(hidden_channels=style_channels),
            mel_channels=config.mel_channels,
            style_channels=style_channels,
        )
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
        self.pitch_predictor = self.build_pitch_predictor()
        self.phoneme_classifier = nn.Conv1d(channels, config.n_symbols, 1, bias=False)

    def build_pitch_predictor(self) -> nn.Module:
        """From semantic vectors, their mask and a voice to log(F0 + 1)."""
        config = self.config
        return PitchPredictor(config.semantic_channels, config.pitch_channels, config.style_channels)

    def style(self, mel: Tensor, mask: Tensor | None = None) -> Tensor:
        """The voice of a log-mel spectrogram.

        Args:
            mel: (B, mel_channels, M).
            mask: (B, 1, M); None where nothing is padding.

        Returns:
            (B, style_channels, 1).
        """
        style: Tensor = self.style_encoder(mel, torch.ones_like(mel[:, :1]) if mask is None else mask)
        return style

    def reading_style(self, voice: Tensor) -> Tensor:
        """What of a voice, as `style` gives it, all take but the pitch predictor: all of it."""
        return voice

    def forward(
        self,
        semantic: Tensor,
        frame_lengths: Tensor,
        tokens: Tensor,
        token_lengths: Tensor,
        prompt: Sequence[Tensor],
    ) -> TextToVecOutput:
        """The training pass.

        Args:
            semantic: (B, semantic_channels, N), 0 on padding.
            frame_lengths: (B,), each at least the item's token length.
            tokens: (B, L), as published with blanks between.
            token_lengths: (B,).
            prompt: what `style` takes, as published of the same clips.

        Raises:
            ValueError: a clip has fewer frames than tokens.
        """
        mask = sequence_mask(frame_lengths, semantic.size(2))
        token_mask = sequence_mask(token_lengths, tokens.size(1))
        voice = self.style(*prompt)
        style = self.reading_style(voice)
        hidden, prior_mean, prior_log_std = self.text_encoder(tokens, token_mask, style)
        posterior_mean, posterior_log_std = self.posterior_encoder(semantic, mask, style)
        z = sample_gaussian(posterior_mean, posterior_log_std, mask)
        z_prior = self.flow(z, mask, style)

        phoneme_logits = self.phoneme_classifier(z)
        scores = self.alignment_scores(z_prior, prior_mean, prior_log_std, phoneme_logits, tokens, mask)
        alignment = maximum_path(scores.detach(), mask.transpose(1, 2) * token_mask)
        durations = alignment.sum(1, keepdim=True)
        frame_mean = prior_mean @ alignment.transpose(1, 2)
        frame_log_std = prior_log_std @ alignment.transpose(1, 2)
        decoded, observed = self.decode_training(z, frame_mean, frame_log_std, semantic, mask, style)
        slice_frames = self.config.pitch_slice_frames
        starts = random_segment_starts(frame_lengths, slice_frames)
        slice_mask = slice_segments(mask, starts, slice_frames)
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
            log_f0=self.predict_slice(slice_segments(observed, starts, slice_frames), slice_mask, voice),
            slice_starts=starts,
            slice_mask=slice_mask,
        )

    def alignment_scores(
        self,
        z_prior: Tensor,
        prior_mean: Tensor,
        prior_log_std: Tensor,
        phoneme_logits: Tensor,
        tokens: Tensor,
        mask: Tensor,
    ) -> Tensor:
        """How well each token fits each frame (B, N, L): the prior's log-density."""
        return gaussian_log_likelihood(z_prior, prior_mean, prior_log_std)

    def decode_training(
        self,
        z: Tensor,
        frame_mean: Tensor,
        frame_log_std: Tensor,
        semantic: Tensor,
        mask: Tensor,
        style: Tensor,
    ) -> tuple[Tensor, Tensor]:
        """Semantic vectors (B, semantic_channels, N) of a training pass.

        Args:
            z: (B, C, N), of the posterior.
            frame_mean, frame_log_std: (B, C, N), of the aligned text's prior.
            semantic: (B, semantic_channels, N), true.
            mask: (B, 1, N).
            style: (B, style_channels, 1).

        Returns:
            the decoded ones, and those that the pitch predictor sees.
        """
        return self.semantic_decoder(z, mask, style), semantic

    def predict_slice(self, semantic: Tensor, mask: Tensor, voice: Tensor) -> Tensor:
        """What the pitch predictor learns by (B, 1, 4 S) on a slice of S frames."""
        predicted: Tensor = self.pitch_predictor(semantic, mask, voice)
        return predicted

    @torch.no_grad()
    def infer(
        self,
        tokens: Tensor,
        token_lengths: Tensor,
        voice: Tensor,
        noise_scale: float = 0.333,
        duration_noise_scale: float = 1.0,
        length_scale: float | Tensor = 1.0,
        generator: Noise = None,
        longest: Tensor | None = None,
    ) -> TextToVecInference:
        """Speak tokens in a voice.

        Without noise, or with a generator for each item, an item's result does not depend on the others of
        its batch.

        Args:
            tokens: (B, L), as in training.
            token_lengths: (B,).
            voice: (B, style_channels, 1), of `style`.
            noise_scale: deviation of the prior's sample; 0.333 is robust, 0.667 expressive (published code).
            duration_noise_scale: deviation of the durations' sample.
            length_scale: factor of the durations, larger is slower: one for all, or (B, 1, L).
            generator: of the noise, on any device; torch's own where None.
            longest: (B, 1, L), most frames of each token after scaling; None leaves them as they are.

        Raises:
            CheckpointError: the predicted durations are beyond any speech.
        """
        token_mask = sequence_mask(token_lengths, tokens.size(1))
        prior_mean, prior_log_std, log_durations = self._read_text(
            tokens, token_mask, self.reading_style(voice), duration_noise_scale, generator
        )
        predicted = torch.exp(log_durations) * token_mask
        require_speakable(predicted.sum((1, 2)) / token_lengths, MAX_FRAMES_PER_TOKEN)
        durations = torch.ceil(predicted * length_scale)
        if longest is not None:
            durations = torch.minimum(durations, longest)
        durations = durations.squeeze(1)
        frame_lengths = durations.sum(1).clamp_min(1).long()
        lengths = frame_lengths.tolist()
        mask = sequence_mask(frame_lengths, max(lengths))
        alignment = generate_path(durations, mask.transpose(1, 2) * token_mask)

        mean = prior_mean @ alignment.transpose(1, 2)
        log_std = prior_log_std @ alignment.transpose(1, 2)
        semantic = self.speak_prior(mean, log_std, mask, voice, noise_scale, generator, lengths)
        return TextToVecInference(
            semantic, self.pitch_predictor(semantic, mask, voice), frame_lengths, alignment
        )

    def speak_prior(
        self,
        mean: Tensor,
        log_std: Tensor,
        mask: Tensor,
        voice: Tensor,
        noise_scale: float = 0.333,
        generator: Noise = None,
        lengths: Sequence[int] | None = None,
    ) -> Tensor:
        """A draw from the aligned text's prior → semantic vectors (B, semantic_channels, N).

        Args:
            mean, log_std: (B, C, N), of the prior.
            mask: (B, 1, N).
            voice: of `style`.
            noise_scale, generator: as of `infer`.
            lengths: as of `sample_gaussian`.
        """
        style = self.reading_style(voice)
        z_prior = sample_gaussian(mean, log_std, mask, noise_scale, generator, lengths)
        semantic: Tensor = self.semantic_decoder(self.flow(z_prior, mask, style, reverse=True), mask, style)
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
        return mean, log_std, self.duration_predictor.sample(hidden, mask, style, noise_scale, generator)

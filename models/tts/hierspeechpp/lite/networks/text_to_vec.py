"""Text-to-vec with the options of `LiteTextToVecConfig`."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from hiervox.models.tts.hierspeechpp.lite.networks.contour_predictor import ContourPredictor, pitch_values
from hiervox.models.tts.hierspeechpp.lite.networks.voice_encoder import SpeakerProjection
from hiervox.models.tts.hierspeechpp.lite.ttv_config import LiteTextToVecConfig
from hiervox.models.tts.hierspeechpp.networks.text_to_vec import TextToVec, TextToVecInference
from hiervox.models.tts.hierspeechpp.ttv_config import TextToVecConfig
from hiervox.modules.functional.gaussian import Noise, sample_gaussian
from hiervox.modules.losses.ctc import phoneme_evidence

SPOKEN_NOISE_SCALE = 0.333  # of what `prior_sampling_ratio` says is spoken in training: inference's


class LiteTextToVec(TextToVec):
    """Text-to-vec with options.

    With a contour predictor, a training pass's `log_f0` has two rows: as if all were voiced, and the logit of
    a voiced frame.
    """

    config: LiteTextToVecConfig

    def __init__(self, config: LiteTextToVecConfig) -> None:
        super().__init__(config)
        self.speaker_projection: SpeakerProjection | None = None
        if config.speaker is not None:
            sizes = config.speaker
            self.speaker_projection = SpeakerProjection(
                sizes.channels, sizes.hidden_channels, config.style_channels
            )

    def build_pitch_predictor(self) -> nn.Module:
        """The published one, or that of whole utterances."""
        config = self.config
        if config.contour is None:
            return super().build_pitch_predictor()
        return ContourPredictor(config.semantic_channels, config.style_channels, config.contour)

    def style(
        self,
        mel: Tensor,
        mask: Tensor | None = None,
        speaker: Tensor | None = None,
        pitch: Tensor | None = None,
    ) -> Tensor:
        """The voice of a log-mel spectrogram.

        Args:
            mel, mask: as published.
            speaker: (B, E), the prompt's embedding by the synthesizer's speaker encoder; None without one.
            pitch: (B, 2), with `config.contour`: the prompt's `pitch_level` in Hz, 0, 0 where nothing is
                voiced.

        Returns:
            (B, style_channels, 1); with `config.contour` the embedding and the pitch follow the style, for
            the pitch predictor alone.

        Raises:
            ValueError: the network takes embeddings or pitch, and none is given.
        """
        style = super().style(mel, mask)
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

    def reading_style(self, voice: Tensor) -> Tensor:
        """Without what only the pitch predictor takes: (B, style_channels, 1)."""
        return voice[:, : self.config.style_channels]

    def alignment_scores(
        self,
        z_prior: Tensor,
        prior_mean: Tensor,
        prior_log_std: Tensor,
        phoneme_logits: Tensor,
        tokens: Tensor,
        mask: Tensor,
    ) -> Tensor:
        """The prior's log-density and, by `alignment_ctc`, what the phoneme classifier says."""
        scores = super().alignment_scores(z_prior, prior_mean, prior_log_std, phoneme_logits, tokens, mask)
        if not self.config.alignment_ctc:
            return scores
        evidence = _phoneme_scores(phoneme_logits, tokens, None if self.config.blanks else mask)
        return scores + self.config.alignment_ctc * evidence

    def decode_training(
        self,
        z: Tensor,
        frame_mean: Tensor,
        frame_log_std: Tensor,
        semantic: Tensor,
        mask: Tensor,
        style: Tensor,
    ) -> tuple[Tensor, Tensor]:
        """As published, but of `prior_sampling_ratio` of the items both as text alone gives them."""
        items = self._spoken_items(z)
        if not len(items):
            return super().decode_training(z, frame_mean, frame_log_std, semantic, mask, style)
        prior = frame_mean[items], frame_log_std[items]
        noise_scale = self.config.prior_temperature * SPOKEN_NOISE_SCALE
        z_spoken = sample_gaussian(*prior, mask[items], noise_scale)
        z_spoken = self.flow(z_spoken, mask[items], style[items], reverse=True)
        decoded = self.semantic_decoder(z.index_copy(0, items, z_spoken.to(z.dtype)), mask, style)
        return decoded, semantic.index_copy(0, items, decoded[items].detach().to(semantic.dtype))

    def _spoken_items(self, z: Tensor) -> Tensor:
        """Which items training decodes from text (n,)."""
        ratio = self.config.prior_sampling_ratio
        if not self.training or ratio == 0:
            return torch.empty(0, dtype=torch.long, device=z.device)
        return (torch.rand(len(z), device=z.device) < ratio).nonzero().squeeze(1)

    def predict_slice(self, semantic: Tensor, mask: Tensor, voice: Tensor) -> Tensor:
        """As published, or the two rows of `ContourPredictor.contour` (B, 2, 4 S)."""
        if not isinstance(self.pitch_predictor, ContourPredictor):
            return super().predict_slice(semantic, mask, voice)
        return torch.cat(self.pitch_predictor.contour(semantic, mask, voice), dim=1)

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
        """As published, the durations' noise scale times `duration.noise`."""
        duration_noise_scale *= self.config.duration.noise
        return super().infer(
            tokens,
            token_lengths,
            voice,
            noise_scale,
            duration_noise_scale,
            length_scale,
            generator,
            longest,
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
        """As published, the noise scale times `prior_temperature`."""
        noise_scale *= self.config.prior_temperature
        return super().speak_prior(mean, log_std, mask, voice, noise_scale, generator, lengths)


def build_text_to_vec(config: TextToVecConfig) -> TextToVec:
    """The network of a config: with options, or, of a config that has none, the published one."""
    return LiteTextToVec(config) if isinstance(config, LiteTextToVecConfig) else TextToVec(config)


def _phoneme_scores(logits: Tensor, tokens: Tensor, mask: Tensor | None = None) -> Tensor:
    """How well each token fits each frame: (B, V, N) and (B, L) → (B, N, L), float32.

    Without `mask` its log-probability: CTC's blank is the symbol between the tokens, so the best path through
    these is CTC's forced alignment. With it (B, 1, N), the evidence of tokens that have no blanks between.
    """
    logits = logits.detach().float()
    scores = torch.log_softmax(logits, dim=1) if mask is None else phoneme_evidence(logits, mask)
    return scores.mT.gather(2, tokens.unsqueeze(1).expand(-1, scores.shape[2], -1))

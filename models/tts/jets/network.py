"""JETS: text encoder, alignment, variance adaptor, decoder, generator (arXiv 2203.16852, section 2)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from hiervox.models.tts._variance.durations import expand_by_durations, gaussian_upsampling
from hiervox.models.tts._variance.network import VarianceNetwork
from hiervox.models.tts._variance.targets import variance_targets
from hiervox.models.tts._variance.variance_adaptor import VarianceOutput
from hiervox.models.tts.jets.aligner import DistanceAligner
from hiervox.models.tts.jets.config import JetsConfig
from hiervox.modules.alignment.monotonic import maximum_path
from hiervox.modules.functional.masking import random_segment_starts, sequence_mask, slice_segments
from hiervox.modules.generators.hifigan import HiFiGANGenerator


@dataclass
class JetsOutput:
    """A training pass, everything that the losses need.

    Attributes:
        wav: (B, 1, hop · S), of a slice of S frames.
        starts: (B,) first frame of each slice.
        variances: what the adaptor predicted.
        log_attention: (B, N, L) of frames over tokens.
        alignment: (B, N, L) of 0 and 1.
        token_mask: (B, 1, L).
    """

    wav: Tensor
    starts: Tensor
    variances: VarianceOutput
    log_attention: Tensor
    alignment: Tensor
    token_mask: Tensor


class Jets(VarianceNetwork[JetsConfig]):
    """FastSpeech 2 whose frames a HiFi-GAN reads, aligned by itself.

    Args:
        config: sizes.
    """

    def __init__(self, config: JetsConfig) -> None:
        super().__init__(config, gaussian_upsampling if config.gaussian_upsampling else expand_by_durations)
        self.aligner = DistanceAligner(config.channels, config.n_mels)
        self.generator = HiFiGANGenerator(config.generator)

    def forward(
        self,
        tokens: Tensor,
        token_lengths: Tensor,
        mel: Tensor,
        frame_lengths: Tensor,
        f0: Tensor,
        energy: Tensor,
        style: Tensor | None = None,
    ) -> JetsOutput:
        """The training pass.

        Args:
            tokens: (B, L).
            token_lengths: (B,).
            mel: (B, n_mels, N), log-mel.
            frame_lengths: (B,), each at least the item's token length.
            f0: (B, N), Hz, 0 where unvoiced.
            energy: (B, N).
            style: (B, style_channels, 1); None for one speaker.

        Raises:
            ValueError: a clip has fewer frames than tokens.
        """
        token_mask = sequence_mask(token_lengths, tokens.shape[1])
        mask = sequence_mask(frame_lengths, mel.shape[2])
        hidden = self.encode(tokens, token_mask, style)
        log_attention = self.aligner(hidden, mel, token_mask, mask)
        with torch.no_grad():
            both = mask.mT * token_mask
            alignment = maximum_path(log_attention * both, both)
        durations = alignment.sum(1).long()
        targets = variance_targets(self.config, f0, energy, mask, durations)
        variances: VarianceOutput = self.adaptor(hidden, token_mask, targets, frames=mel.shape[2])
        frames = self.decoder(variances.hidden, mask)
        starts = random_segment_starts(frame_lengths, self.config.segment_frames)
        return JetsOutput(
            wav=self.generator(slice_segments(frames, starts, self.config.segment_frames)),
            starts=starts,
            variances=variances,
            log_attention=log_attention,
            alignment=alignment,
            token_mask=token_mask,
        )

    @torch.no_grad()
    def frames(self, hidden: Tensor) -> Tensor:
        """One item's frames of the variance adaptor (1, C, N) → what the generator reads (1, C, N)."""
        decoded: Tensor = self.decoder(hidden, torch.ones_like(hidden[:, :1]))
        return decoded

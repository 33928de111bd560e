"""Diff-HierVC: the F0 contour by one diffusion, then the spectrogram by another (arXiv 2311.04693)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import torch
from pydantic import Field, PositiveInt, model_validator
from torch import Tensor, nn
from torch.nn import functional

from hiervox.models.vc._diffusion.network import (
    F0_PER_FRAME,
    MelDiffusionSizes,
    PriorEncoder,
    StyledNetwork,
)
from hiervox.models.vc.diff_hiervc.networks.pitch_score import PitchScore, PitchScoreSizes
from hiervox.modules.diffusion.mean_reverting import MeanRevertingDiffusion
from hiervox.modules.diffusion.score_unet import ScoreUNet, ScoreUNetSizes
from hiervox.modules.functional.masking import random_segment_starts

F0_KERNEL = 9
"""Of the convolution that brings log-F0 to the rate of frames."""


class VoiceScoreSizes(ScoreUNetSizes):
    """A U-Net half as wide as DDDM-VC's."""

    channels: PositiveInt = Field(64, multiple_of=2)


class DiffHierVCSizes(MelDiffusionSizes):
    """Sizes of `DiffHierVC`.

    Attributes:
        unet: of the spectrogram's score.
        pitch: of the F0 contour's score.
        n_bands, band_bins: in training, so many random bands of so many mel bins of the noisy spectrogram are
            set to zero.
    """

    unet: ScoreUNetSizes = VoiceScoreSizes()
    pitch: PitchScoreSizes = PitchScoreSizes()
    n_bands: int = Field(4, ge=0)
    band_bins: PositiveInt = 8

    @model_validator(mode="after")
    def _bins_divide(self) -> DiffHierVCSizes:
        self.require_multiple()
        if self.band_bins > self.mel_channels:
            raise ValueError(f"band_bins is over mel_channels, {self.mel_channels}")
        return self


class F0Prior(NamedTuple):
    """What the F0 contour's diffusion starts from.

    Attributes:
        hidden: (B, C, F0_PER_FRAME * N), masked.
        log_f0: (B, 1, F0_PER_FRAME * N), log(F0 + 1).
    """

    hidden: Tensor
    log_f0: Tensor


class Denoised(NamedTuple):
    """A score at a random time, and what it is compared with.

    Attributes:
        score, noise: (B, C, N), the noise masked.
        deviation: (B, 1, 1), of the noise.
        mask: (B, 1, N).
    """

    score: Tensor
    noise: Tensor
    deviation: Tensor
    mask: Tensor


class DiffHierVCOutput(NamedTuple):
    """What a training pass makes.

    Attributes:
        log_f0: (B, 1, F0_PER_FRAME * N), the prior.
        mel: (B, M, N), the prior.
        pitch: of the F0 contour's diffusion.
        voice: of the spectrogram's diffusion.
        estimate: (B, M, N), of the spectrogram.
        hidden_bins: (1, M, 1), 1 in the bands that were set to zero.
    """

    log_f0: Tensor
    mel: Tensor
    pitch: Denoised
    voice: Denoised
    estimate: Tensor
    hidden_bins: Tensor


class DiffHierVC(StyledNetwork):
    """DiffPitch and DiffVoice.

    Args:
        sizes: see `DiffHierVCSizes`.
    """

    def __init__(self, sizes: DiffHierVCSizes) -> None:
        super().__init__(sizes)
        self.sizes = sizes
        self.diffusion = MeanRevertingDiffusion(sizes.rates)
        channels, style = sizes.prior.hidden_channels, sizes.style_channels
        self.pitch_content = nn.Conv1d(sizes.semantic_channels, channels, 1)
        self.pitch_shape = nn.Conv1d(1, channels, 1)
        self.pitch_encoder = PriorEncoder(sizes.prior, outputs=channels, style_channels=style)
        self.pitch_projection = nn.Conv1d(channels, 1, 1)
        self.pitch_score = PitchScore(sizes.pitch, hidden_channels=channels, style_channels=style)
        self.content = nn.Conv1d(sizes.semantic_channels, channels, 1)
        self.f0_input = nn.Conv1d(1, channels, F0_KERNEL, F0_PER_FRAME, F0_KERNEL // 2)
        self.content_encoder, self.f0_encoder = (
            PriorEncoder(sizes.prior, outputs=sizes.mel_channels, style_channels=style) for _ in range(2)
        )
        self.voice_score = ScoreUNet(sizes.unet, style_channels=style, n_outputs=2)

    def f0_prior(self, semantic: Tensor, normalised_f0: Tensor, f0_mask: Tensor, style: Tensor) -> F0Prior:
        """The F0 contour that a voice would give to what is said (section 2.2).

        Args:
            semantic: (B, semantic_channels, N).
            normalised_f0: (B, 1, F0_PER_FRAME * N), of mean 0 and deviation 1 over an utterance's voiced
                values, 0 where unvoiced.
            f0_mask: (B, 1, F0_PER_FRAME * N).
            style: (B, style_channels, 1).
        """
        content = functional.interpolate(self.pitch_content(semantic), normalised_f0.shape[2])
        features = functional.relu(content + self.pitch_shape(normalised_f0))
        hidden = self.pitch_encoder(features, f0_mask, style)
        return F0Prior(hidden, self.pitch_projection(hidden))

    def mel_prior(self, semantic: Tensor, log_f0: Tensor, mask: Tensor, style: Tensor) -> Tensor:
        """The spectrogram of what is said at a pitch (section 2.3).

        Args:
            semantic: (B, semantic_channels, N).
            log_f0: (B, 1, F0_PER_FRAME * N), log(F0 + 1), 0 where unvoiced.
            mask: (B, 1, N).
            style: (B, style_channels, 1).

        Returns:
            (B, mel_channels, N), masked.
        """
        content = self.content_encoder(functional.relu(self.content(semantic)), mask, style)
        mel: Tensor = content + self.f0_encoder(functional.relu(self.f0_input(log_f0)), mask, style)
        return mel

    def forward(
        self, semantic: Tensor, normalised_f0: Tensor, log_f0: Tensor, mel: Tensor, mask: Tensor
    ) -> DiffHierVCOutput:
        """Train both diffusions on clips, each with what the other one would be given.

        Args:
            semantic, normalised_f0: as for `f0_prior`.
            log_f0: as for `mel_prior`.
            mel: (B, M, N).
            mask: (B, 1, N).
        """
        style = self.style(mel, mask)
        f0_mask = mask.repeat_interleave(F0_PER_FRAME, dim=2)
        pitch_prior = self.f0_prior(semantic, normalised_f0, f0_mask, style)
        mel_prior = self.mel_prior(semantic, log_f0, mask, style)
        time = self.diffusion.draw_times(len(mel), mel.device)
        pitch = self.denoised_pitch(log_f0, f0_mask, pitch_prior, style, time)
        time = self.diffusion.draw_times(len(mel), mel.device)
        visible = self._visible_bins(mel)
        voice, estimate = self.denoised_voice(mel, mask, mel_prior, style, time, visible)
        return DiffHierVCOutput(pitch_prior.log_f0, mel_prior, pitch, voice, estimate, 1 - visible)

    def denoised_pitch(
        self,
        log_f0: Tensor,
        f0_mask: Tensor,
        prior: F0Prior,
        style: Tensor,
        time: Tensor,
        noise: Tensor | None = None,
    ) -> Denoised:
        """The score of F0 contours (B, 1, T) at times (B,); random noise where none is given."""
        noise = (torch.randn_like(log_f0) if noise is None else noise) * f0_mask
        noisy = self.diffusion.diffused(log_f0, prior.log_f0, time, noise, f0_mask)
        score = self.pitch_score(noisy, f0_mask, prior.hidden, style, time)
        return Denoised(score, noise, self.diffusion.deviation(time), f0_mask)

    def denoised_voice(
        self,
        mel: Tensor,
        mask: Tensor,
        prior: Tensor,
        style: Tensor,
        time: Tensor,
        visible: Tensor,
        noise: Tensor | None = None,
    ) -> tuple[Denoised, Tensor]:
        """The score of spectrograms of which only some bins are seen (section 2.3, masked prior).

        Args:
            mel, prior: (B, M, N).
            mask: (B, 1, N).
            style: (B, style_channels, 1).
            time: (B,).
            visible: (1, M, 1), 0 in bins that are set to zero.
            noise: (B, M, N); random where None.

        Returns:
            the score, 0 in bins that were not seen, and the spectrogram's estimate (B, M, N) from the second
            head, scaled by the noise's deviation.
        """
        noise = (torch.randn_like(mel) if noise is None else noise) * mask
        noisy = self.diffusion.diffused(mel, prior, time, noise, mask) * visible
        estimate, score = self.voice_score(noisy, prior, mask, style, time)
        deviation = self.diffusion.deviation(time)
        return Denoised(score * visible, noise, deviation, mask), deviation * estimate

    @torch.no_grad()
    def convert_pitch(
        self,
        semantic: Tensor,
        normalised_f0: Tensor,
        log_f0: Tensor,
        style: Tensor,
        noises: Iterable[Tensor],
        steps: int,
    ) -> Tensor:
        """The F0 contour in which voices say what recordings say.

        Args:
            semantic, normalised_f0: of the recordings, as for `f0_prior`.
            log_f0: (B, 1, F0_PER_FRAME * N) of the recordings, of which little is left at the start; where it
                is 0, the result is.
            style: (B, style_channels, 1) of the voices.
            noises: as `log_f0` each: the start, and one a step.
            steps: of the solver.

        Returns:
            (B, 1, F0_PER_FRAME * N), log(F0 + 1).
        """
        mask = torch.ones_like(log_f0)
        prior = self.f0_prior(semantic, normalised_f0, mask, style)
        drawn = iter(noises)
        start = self.diffusion.last_mean(log_f0, prior.log_f0) + next(drawn)

        def score(noisy: Tensor, time: Tensor) -> Tensor:
            found: Tensor = self.pitch_score(noisy, mask, prior.hidden, style, time)
            return found

        sampled = self.diffusion.sample(score, start, prior.log_f0, mask, drawn, steps)
        return sampled.masked_fill(log_f0 == 0, 0)

    @torch.no_grad()
    def convert(
        self,
        semantic: Tensor,
        log_f0: Tensor,
        mel: Tensor,
        style: Tensor,
        noises: Iterable[Tensor],
        steps: int,
    ) -> Tensor:
        """What recordings say in other voices, at a pitch.

        Args:
            semantic: (B, semantic_channels, N).
            log_f0: (B, 1, F0_PER_FRAME * N), log(F0 + 1), as the voices are to speak.
            mel: (B, M, N) of the recordings, of which little is left at the start.
            style: (B, style_channels, 1) of the voices.
            noises: (B, M, N) each: the start, and one a step.
            steps: of the solver.

        Returns:
            log-mel (B, M, N).
        """
        mask, drawn = torch.ones_like(mel[:, :1]), iter(noises)
        prior = self.mel_prior(semantic, log_f0, mask, style)
        start = self.diffusion.last_mean(mel, prior) + next(drawn)

        def score(noisy: Tensor, time: Tensor) -> Tensor:
            _, found = self.voice_score(noisy, prior, mask, style, time)
            return found

        return self.diffusion.sample(score, start, prior, mask, drawn, steps)

    def _visible_bins(self, mel: Tensor) -> Tensor:
        """(1, M, 1): 0 in random bands, the same for all of a batch (B, M, N)."""
        bins, width = mel.shape[1], self.sizes.band_bins
        starts = random_segment_starts(torch.full((self.sizes.n_bands,), bins), width)
        return visible_bins(starts, width, bins).to(mel)


def visible_bins(starts: Tensor, width: int, bins: int) -> Tensor:
    """(1, bins, 1): 0 in bands of `width` bins from each of `starts` (any number,) on, else 1."""
    places = torch.arange(bins, device=starts.device)[:, None]
    is_hidden = ((places >= starts) & (places < starts + width)).any(dim=1)
    return (~is_hidden).float()[None, :, None]

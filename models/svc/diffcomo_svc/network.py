"""DiffComoSVC's network (CoMoSVC, arXiv 2401.01792, section 3; open-mmlab/Amphion)."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from itertools import pairwise

import torch
from pydantic import PositiveFloat, PositiveInt
from torch import Tensor

from hiervox.models.svc._singing.condition import Song
from hiervox.models.svc._singing.network import (
    ConditionTransformer,
    Noise,
    SpectrogramNetwork,
    SpectrogramSizes,
)
from hiervox.models.svc._singing.wavenet import MelWaveNet, MelWaveNetSizes
from hiervox.modules.diffusion.trajectory import last_state
from hiervox.modules.transformers.relative import TransformerSizes

RHO = 7.0
"""How noise levels are spaced (EDM, arXiv 2206.00364, equation 5)."""


class PriorSizes(TransformerSizes):
    """Of the transformer that predicts a spectrogram."""

    filter_channels: PositiveInt = 512


class DiffComoSVCSizes(SpectrogramSizes):
    """The network.

    Attributes:
        prior: from the condition to a spectrogram, which is a part of the noise and the WaveNet's condition.
        wavenet: that denoises.
        data_deviation: of spectrograms between -1 and 1.
        least_noise, most_noise: standard deviations.
        student: whether it is the one that learns to do it at once, which also holds the average of its
            weights.
    """

    prior: PriorSizes = PriorSizes()
    wavenet: MelWaveNetSizes = MelWaveNetSizes()
    data_deviation: PositiveFloat = 0.5
    least_noise: PositiveFloat = 0.002
    most_noise: PositiveFloat = 80.0
    student: bool = False


@dataclass
class PriorOutput:
    """What a training pass begins with.

    Attributes:
        prior: (B, M, N), predicted between -1 and 1, masked.
        mel: (B, M, N), recorded.
        mask: (B, 1, N).
    """

    prior: Tensor
    mel: Tensor
    mask: Tensor


class DiffComoSVC(SpectrogramNetwork):
    """A song in a singer's voice to a spectrogram, by a denoiser whose noise is centred on a prediction.

    Args:
        sizes: see `DiffComoSVCSizes`.

    Attributes:
        average: of a student's WaveNet, which infers.
    """

    average: MelWaveNet | None

    def __init__(self, sizes: DiffComoSVCSizes) -> None:
        super().__init__(sizes)
        self.sizes = sizes
        mels = sizes.mel_channels
        self.prior = ConditionTransformer(sizes.condition.hidden_channels, mels, sizes.prior)
        self.wavenet = MelWaveNet(sizes.wavenet, mel_channels=mels, condition_channels=mels)
        self.average = deepcopy(self.wavenet) if sizes.student else None

    def levels(self, count: int) -> Tensor:
        """So many noise levels, rising from the least to the most (EDM, equation 5)."""
        ends = self.sizes.least_noise ** (1 / RHO), self.sizes.most_noise ** (1 / RHO)
        return torch.linspace(*ends, count) ** RHO

    def begin(self, song: Song, voice: Tensor | None, mel: Tensor) -> PriorOutput:
        """What a training pass begins with.

        Args:
            song: (B, …, N).
            voice: see `singer`.
            mel: log-mel (B, M, N).
        """
        prior = self.prior(self.condition(song, self.singer(voice, song)), song.mask)
        return PriorOutput(prior, self.normalise(mel), song.mask)

    def denoise(
        self,
        noisy: Tensor,
        level: Tensor,
        prior: Tensor,
        mask: Tensor | None = None,
        by: MelWaveNet | None = None,
    ) -> Tensor:
        """The clean spectrogram in a noisy one (EDM, equation 7; at the least noise it is that itself).

        Args:
            noisy, prior: (B, M, N).
            level: (B,), standard deviations of the noise.
            mask: (B, 1, N); None where nothing is padded.
            by: another WaveNet than the network's own.
        """
        level = level.to(noisy)
        sigma, data = level[:, None, None], self.sizes.data_deviation
        power = sigma.square() + data**2
        made = (by or self.wavenet)(noisy / power.sqrt(), level.log() / 4, prior, mask)
        kept = data**2 / power
        added = (sigma - self.sizes.least_noise) * data / power.sqrt()
        denoised: Tensor = kept * noisy + added * made
        return denoised

    def forward(
        self,
        song: Song,
        voice: Tensor | None,
        mel: Tensor,
        level: Tensor,
        noise: Tensor,
        prior: Tensor | None = None,
    ) -> tuple[PriorOutput, Tensor]:
        """The training pass.

        Args:
            song, voice, mel: see `begin`.
            level: (B,), standard deviations of the noise.
            noise: (B, M, N), standard normal.
            prior: (B, M, N), where it is a teacher's, and not to be predicted.

        Returns:
            what it begins with, and what is denoised, (B, M, N).
        """
        if prior is None:
            output = self.begin(song, voice, mel)
        else:
            output = PriorOutput(prior, self.normalise(mel), song.mask)
        noisy = output.mel + level[:, None, None] * (noise + output.prior)
        return output, self.denoise(noisy, level, output.prior, output.mask)

    def sing(self, song: Song, style: Tensor | None, noise: Noise, steps: int) -> Tensor:
        """Sample a spectrogram: by Euler's steps, or, a student, by jumps.

        Args:
            song: (B, …, N).
            style: (B, style_channels, 1), of the singer; None where there is one alone.
            noise: draw 0 is what sampling begins with.
            steps: of Euler's, which evaluate the network once more, or jumps.

        Returns:
            Log-mel (B, M, N).
        """
        prior = self.prior(self.condition(song, style), song.mask)
        sample = self.sample if self.average is None else self.jump
        return self.restore(sample(prior, noise, steps, song.mask))

    def sample(self, prior: Tensor, noise: Noise, steps: int, mask: Tensor | None = None) -> Tensor:
        """Euler's steps along the probability flow, (B, M, N) between -1 and 1 (section 3.2)."""
        return last_state("diffusion", self._states(prior, noise, steps, mask))

    def _states(self, prior: Tensor, noise: Noise, steps: int, mask: Tensor | None) -> Iterator[Tensor]:
        levels = [*self.levels(steps + 1).flip(0), torch.zeros(())]
        mel = levels[0] * (noise(0) + prior)
        yield mel
        for level, following in pairwise(levels):
            clean = self.denoise(mel, level.expand(len(mel)), prior, mask)
            mel = mel + (mel - clean) / level * (following - level)
            yield mel

    def jump(self, prior: Tensor, noise: Noise, steps: int, mask: Tensor | None = None) -> Tensor:
        """A student's spectrogram in one evaluation, or noised again and denoised (algorithm 2)."""
        return last_state("consistency", self._jumped_states(prior, noise, steps, mask))

    def _jumped_states(
        self, prior: Tensor, noise: Noise, steps: int, mask: Tensor | None
    ) -> Iterator[Tensor]:
        levels = self.levels(steps + 1).flip(0)[:-1]
        mel = levels[0] * (noise(0) + prior)
        yield mel
        for draw, level in enumerate(levels):
            if draw:
                added = (level.square() - self.sizes.least_noise**2).sqrt()
                mel = mel + added * (noise(draw) + prior)
            mel = self.denoise(mel, level.expand(len(mel)), prior, mask, self.average)
            yield mel

    @torch.no_grad()
    def follow(self, decay: float) -> None:
        """Bring a student's average nearer to its weights."""
        assert self.average is not None
        for own, given in zip(self.average.parameters(), self.wavenet.parameters(), strict=True):
            own.lerp_(given, 1 - decay)

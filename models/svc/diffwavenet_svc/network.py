"""DiffWaveNetSVC's network (arXiv 2310.11160; open-mmlab/Amphion, egs/svc/MultipleContentsSVC)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from pydantic import Field, PositiveFloat, PositiveInt
from torch import Tensor

from hiervox.models.svc._singing.condition import Song
from hiervox.models.svc._singing.network import (
    ConditionTransformer,
    Noise,
    SpectrogramNetwork,
    SpectrogramSizes,
)
from hiervox.models.svc._singing.wavenet import MelWaveNet, MelWaveNetSizes
from hiervox.modules.diffusion.process import NoiseSchedule, add_noise
from hiervox.modules.diffusion.samplers import Solver, sample
from hiervox.modules.transformers.relative import TransformerSizes
from hiervox.utils.errors import ConfigError


class RecipeWaveNetSizes(MelWaveNetSizes):
    """The published recipe's, larger than the base config's."""

    channels: PositiveInt = 512
    n_layers: PositiveInt = 40


class DiffWaveNetSVCSizes(SpectrogramSizes):
    """The network.

    Attributes:
        wavenet: that tells the noise.
        prior: of a transformer that predicts the spectrogram, where shallow diffusion (DiffSinger, arXiv
            2105.02446) is to begin with it; not published, and None for none.
        first_beta, last_beta, n_steps: of the noise schedule in training, which is linear.
    """

    wavenet: RecipeWaveNetSizes = RecipeWaveNetSizes()
    prior: TransformerSizes | None = None
    first_beta: PositiveFloat = Field(1e-4, lt=1)
    last_beta: PositiveFloat = Field(0.02, lt=1)
    n_steps: PositiveInt = 1000


@dataclass
class DiffusionOutput:
    """A training pass.

    Attributes:
        noise, predicted: (B, M, N), that was added, and what the network takes for it.
        prior: (B, M, N) predicted spectrogram between -1 and 1; None where there is none.
        mel: (B, M, N), the recorded one between -1 and 1.
        mask: (B, 1, N).
    """

    noise: Tensor
    predicted: Tensor
    prior: Tensor | None
    mel: Tensor
    mask: Tensor


class DiffWaveNetSVC(SpectrogramNetwork):
    """A song in a singer's voice to a spectrogram, by taking noise out.

    Args:
        sizes: see `DiffWaveNetSVCSizes`.
    """

    def __init__(self, sizes: DiffWaveNetSVCSizes) -> None:
        super().__init__(sizes)
        self.sizes = sizes
        channels = sizes.condition.hidden_channels
        self.schedule = NoiseSchedule.linear(sizes.first_beta, sizes.last_beta, sizes.n_steps)
        self.wavenet = MelWaveNet(sizes.wavenet, mel_channels=sizes.mel_channels, condition_channels=channels)
        self.prior = (
            None if sizes.prior is None else ConditionTransformer(channels, sizes.mel_channels, sizes.prior)
        )

    def noised(self, mel: Tensor, steps: Tensor, noise: Tensor) -> Tensor:
        """Spectrograms (B, M, N) between -1 and 1 after so many steps (B,) of the diffusion, from 0."""
        levels = self.schedule.signal_levels.sqrt().to(mel)[steps]
        return add_noise(mel, levels[:, None, None], noise)

    def forward(self, song: Song, voice: Tensor | None, mel: Tensor) -> DiffusionOutput:
        """The training pass, at random steps.

        Args:
            song: (B, …, N).
            voice: see `singer`.
            mel: log-mel (B, M, N).
        """
        condition = self.condition(song, self.singer(voice, song))
        target = self.normalise(mel)
        steps = torch.randint(len(self.schedule), (len(mel),), device=mel.device)
        noise = torch.randn_like(target)
        predicted = self.wavenet(self.noised(target, steps, noise), steps, condition, song.mask)
        prior = None if self.prior is None else self.prior(condition, song.mask)
        return DiffusionOutput(noise, predicted, prior, target, song.mask)

    def sing(
        self,
        song: Song,
        style: Tensor | None,
        noise: Noise,
        steps: int,
        solver: Solver = "pndm",
        depth: float = 1.0,
    ) -> Tensor:
        """Sample a spectrogram.

        Args:
            song: (B, …, N).
            style: (B, style_channels, 1), of the singer; None where there is one alone.
            noise: draw 0 is what sampling begins with.
            steps: of the solver.
            solver: which one.
            depth: share of the training's steps to begin at; under 1 with the predicted spectrogram.

        Returns:
            Log-mel (B, M, N).

        Raises:
            ConfigError: shallow diffusion without a prior, or steps that the solver can't do.
        """
        condition = self.condition(song, style)
        first = max(1, round(depth * len(self.schedule)))
        start = noise(0)
        if first < len(self.schedule):
            if self.prior is None:
                raise ConfigError("the model predicts no spectrogram to begin with", "set depth to 1")
            steps_done = torch.full((len(start),), first - 1, device=start.device)
            start = self.noised(self.prior(condition, song.mask), steps_done, start)

        def predict(mel: Tensor, step: int) -> Tensor:
            numbers = torch.full((len(mel),), step, device=mel.device)
            found: Tensor = self.wavenet(mel, numbers, condition, song.mask)
            return found

        return self.restore(sample(solver, predict, start, noise, self.schedule, steps, first))

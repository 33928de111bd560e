"""DDDM-VC: a source and a filter prior, and one denoiser for each (arXiv 2305.15816, section 3)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import torch
from pydantic import PositiveInt, model_validator
from torch import Tensor, nn
from torch.nn import functional

from hiervox.models.vc._diffusion.network import MelDiffusionSizes, PriorEncoder, StyledNetwork
from hiervox.modules.diffusion.mean_reverting import MeanRevertingDiffusion, Solver
from hiervox.modules.diffusion.score_unet import ScoreUNet


class DDDMSizes(MelDiffusionSizes):
    """Sizes of `DDDMVC`.

    Attributes:
        n_f0_codes: entries of the F0 quantiser's codebook.
    """

    n_f0_codes: PositiveInt = 20

    @model_validator(mode="after")
    def _bins_divide(self) -> DDDMSizes:
        self.require_multiple()
        return self


class DDDMOutput(NamedTuple):
    """What a training pass makes.

    Attributes:
        mel: (B, M, N), the sum of both priors in the clips' own style.
        score: (B, M, N), the sum of both scores at a random time.
        noise: (B, M, N), that came in until then, masked.
        deviation: (B, 1, 1), of that noise in the noisy spectrogram.
    """

    mel: Tensor
    score: Tensor
    noise: Tensor
    deviation: Tensor


class DDDMVC(StyledNetwork):
    """Decoupled denoising diffusion models.

    Both attributes of speech, its source (pitch) and its filter (content), have a prior spectrogram in the
    voice's style, a diffusion of their own from the spectrogram to that prior, and a denoiser. They share the
    noise, and what the denoisers find adds up to it. States and priors are stacked, the source first.

    Args:
        sizes: see `DDDMSizes`.
    """

    def __init__(self, sizes: DDDMSizes) -> None:
        super().__init__(sizes)
        self.sizes = sizes
        self.diffusion = MeanRevertingDiffusion(sizes.rates)
        channels, style = sizes.prior.hidden_channels, sizes.style_channels
        self.content = nn.Conv1d(sizes.semantic_channels, channels, 1)
        self.f0_embedding = nn.Embedding(sizes.n_f0_codes, channels)
        self.source_encoder, self.filter_encoder = (
            PriorEncoder(sizes.prior, outputs=sizes.mel_channels, style_channels=style) for _ in range(2)
        )
        self.source_score, self.filter_score = (ScoreUNet(sizes.unet, style_channels=style) for _ in range(2))

    def priors(self, semantic: Tensor, f0_codes: Tensor, mask: Tensor, style: Tensor) -> Tensor:
        """Prior spectrograms of source and filter.

        Args:
            semantic: (B, semantic_channels, N).
            f0_codes: (B, any number), stretched to N frames.
            mask: (B, 1, N).
            style: (B, style_channels, 1).

        Returns:
            (2, B, mel_channels, N), masked.
        """
        content = functional.relu(self.content(semantic))
        pitch = functional.interpolate(self.f0_embedding(f0_codes).mT, semantic.shape[2])
        return torch.stack(
            [self.source_encoder(pitch, mask, style), self.filter_encoder(content, mask, style)]
        )

    def score(self, states: Tensor, priors: Tensor, mask: Tensor, style: Tensor, time: Tensor) -> Tensor:
        """The sum of both scores.

        Args:
            states, priors: (2, B, M, N).
            mask: (B, 1, N).
            style: (B, style_channels, 1).
            time: (B,).

        Returns:
            (B, M, N), masked.
        """
        networks = self.source_score, self.filter_score
        scores = (
            network(state, prior, mask, style, time)[0]
            for network, state, prior in zip(networks, states, priors, strict=True)
        )
        return sum(scores, start=torch.zeros_like(states[0]))

    def forward(self, semantic: Tensor, f0_codes: Tensor, mel: Tensor, mask: Tensor) -> DDDMOutput:
        """Train on clips (section 3.3, prior mixup).

        Each clip's priors are also made in the style of another clip of the batch. The spectrogram diffuses
        to one of the two, with equal chance, while its own style stays the target of the denoisers: so they
        learn to convert.

        Args:
            semantic, f0_codes, mask: as for `priors`.
            mel: (B, M, N).
        """
        batch = len(mel)
        style = self.style(mel, mask)
        other = style[torch.randperm(batch, device=mel.device)]
        own_priors, mixed_priors = self.priors(
            semantic.repeat(2, 1, 1), f0_codes.repeat(2, 1), mask.repeat(2, 1, 1), torch.cat([style, other])
        ).chunk(2, dim=1)
        is_own = torch.rand(batch, 1, 1, device=mel.device) < 0.5
        priors = torch.where(is_own, own_priors, mixed_priors)
        time = self.diffusion.draw_times(batch, mel.device)
        noise = torch.randn_like(mel) * mask
        states = self.diffusion.diffused(mel, priors, time, noise, mask)
        score = self.score(states, priors, mask, style, time)
        return DDDMOutput(own_priors.sum(0), score, noise, self.diffusion.deviation(time))

    @torch.no_grad()
    def convert(
        self,
        semantic: Tensor,
        f0_codes: Tensor,
        mel: Tensor,
        style: Tensor,
        noises: Iterable[Tensor],
        steps: int,
        solver: Solver = "ml",
    ) -> Tensor:
        """What recordings say in other voices.

        Args:
            semantic: (B, semantic_channels, N).
            f0_codes: (B, any number).
            mel: (B, M, N) of the recordings, of which little is left at the start.
            style: (B, style_channels, 1) of the voices.
            noises: (B, M, N) each: the start, and one a step.
            steps: of the solver.
            solver: see `Solver`.

        Returns:
            log-mel (B, M, N), the mean of both states.
        """
        mask, drawn = torch.ones_like(mel[:, :1]), iter(noises)
        priors = self.priors(semantic, f0_codes, mask, style)
        start = self.diffusion.last_mean(mel, priors) + next(drawn)
        states = self.diffusion.sample(
            lambda x, time: self.score(x, priors, mask, style, time),
            start,
            priors,
            mask,
            drawn,
            steps,
            solver,
        )
        return states.mean(0)

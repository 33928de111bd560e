"""Diffusion of the latents of spectrograms under a caption (AudioLDM, arXiv 2301.12503, section 2.2)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

import torch
from pydantic import Field, PositiveFloat, PositiveInt, model_validator
from torch import Tensor, nn

from hiervox.models.tta._latent.captions import (
    CaptionEncoder,
    CaptionSizes,
    PretrainedCaptions,
    build_pretrained,
    build_trained,
)
from hiervox.models.tta._latent.unet import Condition, LatentUNet, LatentUNetSizes
from hiervox.modules.diffusion.process import NoiseSchedule, add_noise
from hiervox.modules.diffusion.samplers import Noise, Solver, sample
from hiervox.modules.normalization.running_statistics import RunningStatistics
from hiervox.utils.schema import Sizes

OFFSET = 1
"""Of the steps that sampling takes (diffusers' `steps_offset` in the published configs)."""
Target = Literal["noise", "velocity"]


class LatentDiffusionSizes(Sizes):
    """Sizes of `LatentDiffusion`; defaults are Amphion's.

    Attributes:
        latent_channels, latent_bins: of the autoencoder's latent.
        latent_places: of time, in training.
        unet: of what is asked at each step.
        captions: of the encoder of captions.
        target: what the U-Net tells: the noise, or the velocity of arXiv 2202.00512.
        first_beta, last_beta, n_steps: of the noise schedule, whose roots are linear.
        statistics_batches: of training, over which the latent's mean and deviation are measured, that it is
            normalised by; 0 leaves it as it is, as published.
        empty: what stands for no caption: the empty one, or zeros.
    """

    latent_channels: PositiveInt = 4
    latent_bins: PositiveInt = 5
    latent_places: PositiveInt = 39
    unet: LatentUNetSizes = LatentUNetSizes()
    captions: CaptionSizes = PretrainedCaptions(kind="t5", name="google-t5/t5-base", channels=768)
    target: Target = "noise"
    first_beta: PositiveFloat = Field(0.00085, lt=1)
    last_beta: PositiveFloat = Field(0.012, lt=1)
    n_steps: PositiveInt = Field(1000, gt=OFFSET)
    statistics_batches: int = Field(0, ge=0)
    empty: Literal["caption", "zeros"] = "caption"

    @property
    def control_channels(self) -> int:
        """Of what stands beside a noisy latent."""
        return 0

    @model_validator(mode="after")
    def _fits(self) -> LatentDiffusionSizes:
        widths, unet = self.captions.widths, self.unet
        if unet.context_channels not in (None, widths.tokens):
            raise ValueError(f"unet.context_channels must be null or the captions' {widths.tokens}")
        if unet.vector_channels not in (None, widths.vector):
            raise ValueError(f"unet.vector_channels must be null or the captions' {widths.vector}")
        if unet.context_channels is None and unet.vector_channels is None:
            raise ValueError(
                "the U-Net takes nothing of the captions: set context_channels or vector_channels"
            )
        return self


class DiffusionOutput(NamedTuple):
    """A training pass.

    Attributes:
        target, predicted: (B, C, m, n), what was to be told and what was.
        steps: (B,), numbers of the steps.
    """

    target: Tensor
    predicted: Tensor
    steps: Tensor


class LatentDiffusion(nn.Module):
    """Captions to latents, by taking noise out.

    Args:
        sizes: see `LatentDiffusionSizes`.
    """

    def __init__(self, sizes: LatentDiffusionSizes) -> None:
        super().__init__()
        self.sizes = sizes
        self.schedule = NoiseSchedule.scaled_linear(sizes.first_beta, sizes.last_beta, sizes.n_steps)
        self.statistics = RunningStatistics(sizes.statistics_batches)
        self.unet = LatentUNet(
            sizes.unet,
            in_channels=sizes.latent_channels + sizes.control_channels,
            out_channels=sizes.latent_channels,
        )
        captions = sizes.captions
        self.encoder = build_trained(captions)
        self._pretrained: CaptionEncoder | None = None

    def captions(self, captions: Sequence[str]) -> Condition:
        """B captions to a condition, of which the U-Net gets what it has channels for.

        Raises:
            DependencyError: the weights of a pretrained encoder are not there.
        """
        device = next(self.parameters()).device
        encoder: CaptionEncoder | None = self.encoder or self._pretrained
        if encoder is None:
            encoder = self._pretrained = build_pretrained(self.sizes.captions)
        tokens, mask, vector = encoder.encode(captions, device)
        unet = self.sizes.unet
        if unet.context_channels is None:
            tokens = mask = None
        return Condition(tokens, mask, None if unet.vector_channels is None else vector)

    def empty(self) -> Condition:
        """Of no caption, for one item."""
        found = self.captions([""])
        if self.sizes.empty == "caption":
            return found
        return Condition(*(None if given is None else torch.zeros_like(given) for given in found))

    def noised(self, latent: Tensor, steps: Tensor, noise: Tensor) -> Tensor:
        """Latents (B, C, m, n) after so many steps (B,) of the diffusion, from 0."""
        return add_noise(latent, self._levels(latent, steps).sqrt(), noise)

    def _levels(self, latent: Tensor, steps: Tensor) -> Tensor:
        """ᾱ of steps (B,), (B, 1, 1, 1)."""
        return self.schedule.signal_levels.to(latent)[steps][:, None, None, None]

    def target(self, latent: Tensor, steps: Tensor, noise: Tensor) -> Tensor:
        """What the U-Net is to tell of a noised latent, (B, C, m, n)."""
        if self.sizes.target == "noise":
            return noise
        level = self._levels(latent, steps)
        return level.sqrt() * noise - (1 - level).sqrt() * latent

    def predict(
        self, noisy: Tensor, steps: Tensor, condition: Condition, control: Tensor | None = None
    ) -> Tensor:
        """What the U-Net tells.

        Args:
            noisy: (B, C, m, n).
            steps: (B,).
            condition: of B items.
            control: (B, control_channels, m, n), what stands beside the latent, before it.

        Returns:
            (B, C, m, n).
        """
        given = noisy if control is None else torch.cat([control.to(noisy), noisy], dim=1)
        found: Tensor = self.unet(given, steps, condition)
        return found

    def forward(
        self, latent: Tensor, captions: Sequence[str], kept: Tensor, control: Tensor | None = None
    ) -> DiffusionOutput:
        """The training pass, at random steps.

        Args:
            latent: (B, C, m, n) of recordings.
            captions: B of them.
            kept: (B,), whether to show the caption, or the empty one instead.
            control: see `predict`.
        """
        self.statistics.update(latent.flatten())
        clean = self.statistics.normalise(latent)
        steps = torch.randint(len(self.schedule), (len(clean),), device=clean.device)
        noise = torch.randn_like(clean)
        condition = self.captions(captions).where(kept, self.empty())
        predicted = self.predict(self.noised(clean, steps, noise), steps, condition, control)
        return DiffusionOutput(self.target(clean, steps, noise), predicted, steps)

    def generate(
        self,
        condition: Condition,
        empty: Condition,
        noise: Noise,
        steps: int,
        *,
        solver: Solver = "dpm_solver",
        guidance: float = 1.0,
        control: Tensor | None = None,
    ) -> Tensor:
        """Sample latents with classifier-free guidance (arXiv 2207.12598).

        Args:
            condition: of B items.
            empty: of the empty caption, of one item.
            noise: (B, C, m, n); draw 0 is what sampling begins with.
            steps: of the solver.
            solver: which one.
            guidance: how far to go from the empty caption to this one; 1 stops there.
            control: see `predict`.

        Returns:
            (B, C, m, n), as an autoencoder's.

        Raises:
            ConfigError: steps that the solver can't do.
        """

        def predict(noisy: Tensor, step: int) -> Tensor:
            numbers = torch.full((len(noisy),), step, device=noisy.device)
            found = self.predict(noisy, numbers, condition, control)
            if guidance != 1:
                nothing = torch.zeros(len(noisy), dtype=torch.bool, device=noisy.device)
                without = self.predict(noisy, numbers, condition.where(nothing, empty), control)
                found = without + guidance * (found - without)
            if self.sizes.target == "noise":
                return found
            level = self._levels(noisy, numbers)
            return level.sqrt() * found + (1 - level).sqrt() * noisy

        start = noise(0)
        made = sample(solver, predict, start, noise, self.schedule, steps, offset=OFFSET, clip=False)
        return self.statistics.restore(made)

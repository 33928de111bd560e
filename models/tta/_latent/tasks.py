"""Training of the autoencoder and of the diffusion of its latents."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from hiervox.models.base.checkpoints.checkpoint import load_named
from hiervox.models.base.data.batch import Batch
from hiervox.models.base.training.cut_task import CutTrainingTask
from hiervox.models.base.training.task import Media
from hiervox.models.base.training.unwrapping import unwrapped
from hiervox.models.tta._latent.autoencoder import MelAutoencoder, Posterior, Reconstruction
from hiervox.models.tta._latent.config import (
    DISCRIMINATOR,
    AutoencoderExperiment,
    LatentExperimentT,
    SoundExperiment,
    require_same_latent,
)
from hiervox.models.tta._latent.diffusion import DiffusionOutput, LatentDiffusion
from hiervox.models.tta._latent.patches import PatchDiscriminator
from hiervox.modules.discriminators.ensemble import DiscriminatorEnsemble
from hiervox.modules.losses.adversarial import discriminator_terms, generator_loss
from hiervox.processors.spectrogram import log_mel
from hiervox.utils.errors import ConfigError
from hiervox.utils.plots import spectrogram_figure

PATCHES = "patches"
LEAST_NORM = 1e-4
LARGEST_WEIGHT = 10.0
"""Of the adversarial loss, before the config's (taming-transformers, arXiv 2012.09841, equation 7)."""
MEDIA_STEPS = 20
MEDIA_GUIDANCE = 3.0


def mel_of(batch: Batch, config: SoundExperiment) -> Tensor:
    """Log-mel spectrograms (B, 1, M, N) of a batch's waveforms, silence after those that are too short."""
    wav = batch["wav"].float()
    whole = functional.pad(wav, (0, max(0, config.segment_samples - wav.shape[1])))
    with torch.autocast(wav.device.type, enabled=False):
        mel = log_mel(whole[:, : config.segment_samples], config.mel)
    return mel[:, None, :, : config.segment_frames]


def likelihood_loss(mel: Tensor, real: Tensor, log_scale: Tensor) -> Tensor:
    """Negative log-likelihood of a Laplace distribution around `mel` (B, 1, M, N), a value, up to log 2."""
    return ((mel.float() - real.float()).abs() / log_scale.exp() + log_scale).mean()


def adaptive_weight(reconstruction: Tensor, adversarial: Tensor, last: Tensor) -> Tensor:
    """How much longer the gradient of one loss is at a layer's weight than that of the other.

    Args:
        reconstruction, adversarial: (), with gradients.
        last: weight of the decoder's last layer.
    """
    norms = [
        torch.autograd.grad(loss, last, retain_graph=True)[0].norm() for loss in (reconstruction, adversarial)
    ]
    return (norms[0] / (norms[1] + LEAST_NORM)).clamp(0, LARGEST_WEIGHT).detach()


class AutoencoderTask(CutTrainingTask[AutoencoderExperiment]):
    """An autoencoder of spectrograms, and a discriminator of what it decodes."""

    fields: ClassVar[frozenset[str]] = frozenset({"wav"})
    best_metric = "reconstruction"

    def __init__(self, config: AutoencoderExperiment) -> None:
        super().__init__(config)
        config.require_places(config.model.multiple)
        least = min(config.mel.n_mels, config.segment_frames)
        if config.loss.has_weight("adversarial") and least < config.patches.least:
            raise ConfigError(
                f"spectrograms of {least} bins or frames are too small for the discriminator",
                "lower patches.n_layers, or set loss.adversarial to 0",
            )
        self.adversarial = config.loss.has_weight("adversarial")
        self.phases = (DISCRIMINATOR, self.main) if self.adversarial else (self.main,)

    def build_networks(self) -> dict[str, nn.Module]:
        """The autoencoder, and the discriminator where it takes part."""
        networks: dict[str, nn.Module] = {self.main: MelAutoencoder(self.config.model)}
        if self.adversarial:
            networks[DISCRIMINATOR] = DiscriminatorEnsemble(
                {PATCHES: PatchDiscriminator(self.config.patches)}
            )
        return networks

    def forward(self, networks: Mapping[str, nn.Module], batch: Batch) -> tuple[Tensor, Reconstruction]:
        """Recorded spectrograms, and their reconstruction."""
        mel = mel_of(batch, self.config)
        return mel, networks[self.main](mel)

    def losses(
        self,
        phase: str,
        networks: Mapping[str, nn.Module],
        batch: Batch,
        output: tuple[Tensor, Reconstruction],
        step: int,
    ) -> dict[str, Tensor]:
        """The discriminator's; or `reconstruction`, `kl` and, once there is one to ask, `adversarial`."""
        real, made = output
        if phase == DISCRIMINATOR:
            return discriminator_terms(networks[DISCRIMINATOR], real, made.mel, "hinge")
        terms = {
            "reconstruction": likelihood_loss(made.mel, real, made.log_scale),
            "kl": made.posterior.kl().mean(),
        }
        if self.adversarial and torch.is_grad_enabled() and self.has_started(DISCRIMINATOR, step):
            loss = generator_loss(networks[DISCRIMINATOR](made.mel), "hinge")
            network = unwrapped(networks[self.main])
            assert isinstance(network, MelAutoencoder)
            weight = adaptive_weight(terms["reconstruction"], loss, network.decoder.output.weight)
            terms["adversarial"] = weight * loss
        return terms

    def weights(self, step: int) -> Mapping[str, float]:
        """Those of the config."""
        return self.config.loss.at(step)

    @torch.no_grad()
    def media(self, networks: Mapping[str, nn.Module], batch: Batch) -> Media:
        """The first spectrogram as recorded, and decoded from its latent's mean."""
        network = unwrapped(networks[self.main])
        assert isinstance(network, MelAutoencoder)
        mel = mel_of(batch, self.config)[:1]
        return pictures(recorded=mel, reconstructed=network.decode(network.encode(mel).mean))


class LatentDiffusionTask(CutTrainingTask[LatentExperimentT]):
    """A U-Net learns what noise the latents of a trained autoencoder hold, which stays as it is."""

    fields: ClassVar[frozenset[str]] = frozenset({"wav", "caption"})
    best_metric = "diffusion"

    def __init__(self, config: LatentExperimentT) -> None:
        super().__init__(config)
        self._kept: dict[str, Posterior] = {}

    @cached_property
    def autoencoder(self) -> MelAutoencoder:
        """The one that `data.autoencoder` names.

        Raises:
            CheckpointError: it is missing or broken.
            ConfigError: it is something else, or its latent is not what the diffusion's config says.
        """
        path = self.config.data.autoencoder
        network, experiment = load_named(
            "data.autoencoder", path, MelAutoencoder, AutoencoderExperiment, "name an autoencoder"
        )
        require_same_latent(self.config, experiment)
        self.config.require_places(network.sizes.multiple)
        places = self.config.segment_frames // network.sizes.multiple
        if places != self.config.model.latent_places:
            raise ConfigError(
                f"data.segment_samples are {places} places, not {self.config.model.latent_places}",
                f"set model.latent_places to {places}",
            )
        return network.requires_grad_(False)

    def build_networks(self) -> dict[str, nn.Module]:
        """The diffusion."""
        return {self.main: LatentDiffusion(self.config.model)}

    @torch.no_grad()
    def latents(self, batch: Batch, training: bool) -> Tensor:
        """(B, C, m, n) of a batch's recordings: samples in training, means otherwise."""
        posterior = self.posterior(batch)
        return posterior.sample(torch.randn_like(posterior.mean)) if training else posterior.mean

    def posterior(self, batch: Batch) -> Posterior:
        """Gaussians of a batch's latents; with `data.keep_latents`, encoded once in a training."""
        if not self.config.data.keep_latents:
            return self._encoded(batch)
        ids: list[str] = batch["ids"]
        if missing := [place for place, name in enumerate(ids) if name not in self._kept]:
            found = self._encoded({"wav": batch["wav"][missing]})
            for place, mean, log_variance in zip(missing, *found, strict=True):
                self._kept[ids[place]] = Posterior(mean.cpu(), log_variance.cpu())
        means, log_variances = zip(*(self._kept[name] for name in ids), strict=True)
        device = batch["wav"].device
        return Posterior(torch.stack(means).to(device), torch.stack(log_variances).to(device))

    def _encoded(self, batch: Batch) -> Posterior:
        mel = mel_of(batch, self.config)
        with torch.autocast(mel.device.type, enabled=False):
            return self.autoencoder.to(mel.device).encode(mel)

    def captions(self, batch: Batch) -> list[str]:
        """What the encoder of captions is shown of each item."""
        captions: list[str] = batch["caption"]
        return captions

    def control(self, batch: Batch, latents: Tensor) -> Tensor | None:
        """What stands beside the latents, (B, E, m, n); nothing by default."""
        return None

    def forward(self, networks: Mapping[str, nn.Module], batch: Batch) -> DiffusionOutput:
        """The U-Net's pass; captions are emptied in training alone."""
        network = networks[self.main]
        latents = self.latents(batch, network.training)
        dropout = self.config.caption_dropout if network.training else 0.0
        kept = torch.rand(len(latents), device=latents.device) >= dropout
        output: DiffusionOutput = network(latents, self.captions(batch), kept, self.control(batch, latents))
        return output

    def losses(
        self, phase: str, networks: Mapping[str, nn.Module], batch: Batch, output: DiffusionOutput, step: int
    ) -> dict[str, Tensor]:
        """`diffusion`, an item's error weighted by its step where the config says so."""
        errors = (output.predicted.float() - output.target.float()).square().mean((1, 2, 3))
        if self.config.min_snr is not None:
            network = unwrapped(networks[self.main])
            assert isinstance(network, LatentDiffusion)
            levels = network.schedule.signal_levels.to(errors)[output.steps]
            errors = errors * min_snr_weight(levels, self.config.min_snr)
        return {"diffusion": errors.mean()}

    def weights(self, step: int) -> Mapping[str, float]:
        """Those of the config."""
        return self.config.loss.at(step)

    @torch.no_grad()
    def media(self, networks: Mapping[str, nn.Module], batch: Batch) -> Media:
        """The first spectrogram as recorded, and one sampled from its caption."""
        network = unwrapped(networks[self.main])
        assert isinstance(network, LatentDiffusion)
        first: Batch = {name: values[:1] for name, values in batch.items()}
        latents = self.latents(first, training=False)
        made = network.generate(
            network.captions(self.captions(first)),
            network.empty(),
            lambda draw: torch.randn_like(latents),
            MEDIA_STEPS,
            guidance=MEDIA_GUIDANCE,
            control=self.control(first, latents),
        )
        return pictures(recorded=mel_of(first, self.config), sampled=self.autoencoder.decode(made))


def min_snr_weight(level: Tensor, most: float) -> Tensor:
    """Weight of a step that leaves ᾱ of the signal's power: min(SNR, most) / SNR (arXiv 2303.09556, 3.4)."""
    ratio = level / (1 - level)
    return ratio.clamp(max=most) / ratio


def pictures(**mels: Tensor) -> Media:
    """The first of spectrograms (B, 1, M, N), by name."""
    return Media(
        figures={
            f"mel/{name}": spectrogram_figure(mel[0, 0].float().cpu(), name) for name, mel in mels.items()
        }
    )

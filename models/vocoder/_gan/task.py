"""Training of GAN vocoders."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import torch
from torch import Tensor, nn

from hiervox.models.base.data.batch import Batch
from hiervox.models.base.training.adversarial import AdversarialTask, Generated
from hiervox.models.base.training.multi_scale_mel import multi_scale_mel_terms
from hiervox.models.base.training.task import Media
from hiervox.models.vocoder._gan.config import GANVocoderExperiment, GANVocoderExperimentT
from hiervox.models.vocoder.training import PredictedMels, build_network, compared, frame_f0, run
from hiervox.modules.losses.reconstruction import mel_l1
from hiervox.modules.losses.stft import multi_resolution_stft_losses
from hiervox.processors.spectrogram import log_mel


class GANVocoderTaskBase(PredictedMels[GANVocoderExperimentT], AdversarialTask[GANVocoderExperimentT]):
    """A generator from the mel spectrogram of random segments, against any discriminators."""

    def build_generator(self) -> nn.Module:
        """The network that the system's card names."""
        return build_network(self.config)

    def generate(self, generator: nn.Module, batch: Batch) -> Generated:
        """The segments (B, T), and what the generator makes of their mel spectrograms, or of predicted ones.

        Where the spectrogram has a frame more than hops, or the network makes a hop less than frames, the
        ends are left out.
        """
        mel = self.input_mel(batch)
        fake = run(generator, mel, frame_f0(batch, mel.shape[-1]))
        return self._fitted(batch["wav"], fake)

    @staticmethod
    def _fitted(wav: Tensor, fake: Tensor, extras: object = None) -> Generated:
        samples = min(wav.shape[-1], fake.shape[-1])
        return Generated(wav[:, None, :samples], fake[..., :samples], extras)

    def reconstruction_losses(self, batch: Batch, generated: Generated, step: int) -> dict[str, Tensor]:
        """The log-mel distance, and those others that have a weight."""
        fake, real = generated.fake.squeeze(1), generated.real.squeeze(1)
        full_band = self.config.mel.model_copy(update={"f_max": self.config.mel.sample_rate / 2})
        terms = {"mel": mel_l1(log_mel(fake, full_band), log_mel(real, full_band))}
        loss = self.config.loss
        if loss.has_weight("multi_scale_mel"):
            scales = multi_scale_mel_terms(fake, real, self.config.mel.sample_rate)
            terms["multi_scale_mel"] = torch.stack(scales).sum()
        if loss.has_weight("spectral_convergence", "log_magnitude"):
            terms |= multi_resolution_stft_losses(fake, real)
        return terms

    def media(self, networks: Mapping[str, nn.Module], batch: Batch) -> Media:
        """The first segment as recorded and as generated."""
        first = self.generate(networks[self.main], {name: _first(value) for name, value in batch.items()})
        return compared(first.real[0, 0], first.fake[0, 0], self.config.mel)


class GANVocoderTask(GANVocoderTaskBase[GANVocoderExperiment]):
    """Any GAN vocoder whose input is the mel spectrogram."""

    fields: ClassVar[frozenset[str]] = frozenset({"wav"})


def _first(value: object) -> object:
    return value[:1] if isinstance(value, Tensor | list) else value

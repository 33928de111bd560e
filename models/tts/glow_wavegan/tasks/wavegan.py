"""Training of Glow-WaveGAN's autoencoder (arXiv 2106.10831)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from hiervox.models.base.data.batch import Batch
from hiervox.models.base.training.adversarial import AdversarialTask, Generated
from hiervox.models.base.training.task import Media
from hiervox.models.tts.glow_wavegan.config import WaveGanExperiment
from hiervox.models.tts.glow_wavegan.network import WaveGan, WaveGanOutput
from hiervox.modules.losses.kl import gaussian_kl
from hiervox.modules.losses.reconstruction import mel_l1
from hiervox.modules.losses.stft import multi_resolution_stft_losses
from hiervox.processors.spectrogram import log_mel
from hiervox.utils.plots import spectrogram_figure


class WaveGanTask(AdversarialTask[WaveGanExperiment]):
    """Encoder, decoder and pitch predictors learn at once, against discriminators of the waveform."""

    fields: ClassVar[frozenset[str]] = frozenset({"wav", "f0"})

    def build_generator(self) -> WaveGan:
        """The network."""
        return WaveGan(self.config.model)

    def generate(self, generator: nn.Module, batch: Batch) -> Generated:
        """Segments (B, 1, T) and what is decoded from a sample of their latent; `extras` is the output."""
        real = batch["wav"].unsqueeze(1)
        output: WaveGanOutput = generator(real)
        return Generated(real=real, fake=output.wav, extras=output)

    def reconstruction_losses(self, batch: Batch, generated: Generated, step: int) -> dict[str, Tensor]:
        """Distances of the spectra, `kl`, `pitch` and `voicing`."""
        output: WaveGanOutput = generated.extras
        fake, real = generated.fake.squeeze(1), generated.real.squeeze(1)
        zero = torch.zeros_like(output.mean)
        return {
            "mel": mel_l1(log_mel(fake, self.config.mel), log_mel(real, self.config.mel)),
            **multi_resolution_stft_losses(fake, real),
            "kl": gaussian_kl(output.mean, output.log_std, zero, zero, torch.ones_like(zero[:, :1])),
            **pitch_losses(output.log_f0, output.voicing, batch["f0"]),
        }

    @torch.no_grad()
    def media(self, networks: Mapping[str, nn.Module], batch: Batch) -> Media:
        """The first segment: recorded, and decoded from its latent's mean."""
        network = networks[self.main]
        assert isinstance(network, WaveGan)
        wav = batch["wav"][:1]
        sounds = {"recorded": wav[0], "reconstructed": network.decode(network.latent(wav, 0.0))[0, 0]}
        figures = {
            f"mel/{name}": spectrogram_figure(log_mel(sound[None].float(), self.config.mel)[0].cpu(), name)
            for name, sound in sounds.items()
        }
        return Media(
            audio={name: (sound, self.config.mel.sample_rate) for name, sound in sounds.items()},
            figures=figures,
        )


def pitch_losses(log_f0: Tensor, voicing: Tensor, f0: Tensor) -> dict[str, Tensor]:
    """How far predicted pitch is off: `pitch` over voiced frames, `voicing` over all.

    Args:
        log_f0, voicing: (B, 1, N) predicted, the second as a logit.
        f0: (B, N or about) in Hz, 0 where unvoiced; a frame that is missing is unvoiced.
    """
    frames = log_f0.shape[2]
    f0 = functional.pad(f0[:, :frames], (0, max(0, frames - f0.shape[1]))).unsqueeze(1)
    voiced = (f0 > 0).float()
    distance = (log_f0.float() - f0.clamp_min(1).log()).abs() * voiced
    return {
        "pitch": distance.sum() / voiced.sum().clamp_min(1),
        "voicing": functional.binary_cross_entropy_with_logits(voicing.float(), voiced),
    }

"""Training of DiffComoSVC's teacher (arXiv 2401.01792, section 3.2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from hiervox.models.base.data.batch import Batch
from hiervox.models.svc._singing.condition import Song
from hiervox.models.svc._singing.losses import ssim_loss
from hiervox.models.svc._singing.network import SingingNetwork
from hiervox.models.svc._singing.task import SingingTask
from hiervox.models.svc.diffcomo_svc.config import TeacherExperiment
from hiervox.models.svc.diffcomo_svc.losses import denoising_loss, prior_loss
from hiervox.models.svc.diffcomo_svc.network import DiffComoSVC, PriorOutput

MEDIA_STEPS = 20


def sampled(network: SingingNetwork, song: Song, style: Tensor | None, steps: int) -> dict[str, Tensor]:
    """Spectrograms for `media`: the predicted one, and what is sampled."""
    assert isinstance(network, DiffComoSVC)
    prior = network.prior(network.condition(song, style), song.mask)

    def noise(draw: int) -> Tensor:
        return torch.randn_like(prior)

    return {"prior": network.restore(prior), "sung": network.sing(song, style, noise, steps)}


@dataclass
class TeacherOutput:
    """A training pass.

    Attributes:
        begun: the prediction and the recording.
        clean: (B, M, N), denoised.
        level: (B,), standard deviations of the noise.
    """

    begun: PriorOutput
    clean: Tensor
    level: Tensor


class TeacherTask(SingingTask[TeacherExperiment]):
    """Prediction and denoiser learn at once."""

    def build_networks(self) -> dict[str, nn.Module]:
        """The network."""
        return {"main": DiffComoSVC(self.config.model)}

    def forward(self, networks: Mapping[str, nn.Module], batch: Batch) -> TeacherOutput:
        """The network's pass at random noise levels."""
        song, mel = self.song(batch), batch["mel"]
        normal = torch.randn(len(mel), device=mel.device)
        level = (self.config.log_noise_mean + self.config.log_noise_deviation * normal).exp()
        noise = torch.randn_like(mel)
        begun, clean = networks["main"](song, self.voice(batch, song), mel, level, noise)
        return TeacherOutput(begun, clean, level)

    def losses(
        self, phase: str, networks: Mapping[str, nn.Module], batch: Batch, output: TeacherOutput, step: int
    ) -> dict[str, Tensor]:
        """`prior`, `ssim` and `denoising`."""
        begun = output.begun
        return {
            "prior": prior_loss(begun),
            "ssim": ssim_loss(begun.prior, begun.mel, begun.mask),
            "denoising": denoising_loss(output.clean, begun, output.level, self.config.model.data_deviation),
        }

    def weights(self, step: int) -> Mapping[str, float]:
        """Those of the config."""
        return self.config.loss.at(step)

    def sung(self, network: SingingNetwork, song: Song, style: Tensor | None) -> dict[str, Tensor]:
        """The predicted spectrogram, and what is sampled in a few steps."""
        return sampled(network, song, style, MEDIA_STEPS)

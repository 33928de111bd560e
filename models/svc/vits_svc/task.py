"""Training of VitsSVC."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn

from hiervox.models.base.data.batch import Batch
from hiervox.models.base.training.adversarial import AdversarialTask, Generated
from hiervox.models.svc._singing.condition import Song
from hiervox.models.svc._singing.network import SingingNetwork
from hiervox.models.svc._singing.task import SingingTask
from hiervox.models.svc.vits_svc.config import VitsSVCExperiment
from hiervox.models.svc.vits_svc.network import VitsSVC, VitsSVCOutput
from hiervox.modules.functional.masking import slice_segments
from hiervox.modules.losses.kl import flow_kl
from hiervox.modules.losses.reconstruction import mel_l1
from hiervox.processors.spectrogram import log_mel


class VitsSVCTask(AdversarialTask[VitsSVCExperiment], SingingTask[VitsSVCExperiment]):
    """The whole network learns at once; discriminators and mel loss see slices."""

    fields: ClassVar[frozenset[str]] = SingingTask.fields | {"wav", "linear"}

    def build_generator(self) -> VitsSVC:
        """The network."""
        return VitsSVC(self.config.model)

    def generate(self, generator: nn.Module, batch: Batch) -> Generated:
        """The training pass.

        Returns:
            slices (B, 1, T) of the recordings and of what is decoded in their place; `extras` is the
            network's output.
        """
        song = self.song(batch)
        output: VitsSVCOutput = generator(song, self.voice(batch, song), batch["linear"])
        starts = output.starts * self.config.mel.hop_length
        real = slice_segments(batch["wav"].unsqueeze(1), starts, output.wav.shape[-1])
        return Generated(real=real, fake=output.wav, extras=output)

    def reconstruction_losses(self, batch: Batch, generated: Generated, step: int) -> dict[str, Tensor]:
        """`mel` of the slices, and `kl`."""
        output: VitsSVCOutput = generated.extras
        mel = slice_segments(batch["mel"], output.starts, self.config.model.segment_frames)
        return {
            "mel": mel_l1(log_mel(generated.fake.squeeze(1), self.config.mel), mel),
            "kl": flow_kl(
                output.z_prior, output.posterior.log_std, output.prior_mean, output.prior_log_std, output.mask
            ),
        }

    def sung(self, network: SingingNetwork, song: Song, style: Tensor | None) -> dict[str, Tensor]:
        """The spectrogram of what is sung from the prior's mean."""
        assert isinstance(network, VitsSVC)
        still = torch.zeros(1, network.sizes.channels, song.f0.shape[1], device=song.f0.device)
        wav = network.decode(network.latent(song, style, still), song.f0)
        return {"sung": log_mel(wav.squeeze(1).float(), self.config.mel)}

"""Training of DiffWaveNetSVC."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from hiervox.models.base.data.batch import Batch
from hiervox.models.svc._singing.condition import Song
from hiervox.models.svc._singing.network import SingingNetwork
from hiervox.models.svc._singing.task import SingingTask
from hiervox.models.svc.diffwavenet_svc.config import DiffWaveNetSVCExperiment
from hiervox.models.svc.diffwavenet_svc.network import DiffusionOutput, DiffWaveNetSVC
from hiervox.modules.losses.reconstruction import masked_l1, masked_mse

MEDIA_STEPS = 20


class DiffWaveNetSVCTask(SingingTask[DiffWaveNetSVCExperiment]):
    """The network tells the noise in spectrograms at random steps."""

    def build_networks(self) -> dict[str, nn.Module]:
        """The network."""
        return {"main": DiffWaveNetSVC(self.config.model)}

    def forward(self, networks: Mapping[str, nn.Module], batch: Batch) -> DiffusionOutput:
        """The network's pass."""
        song = self.song(batch)
        output: DiffusionOutput = networks["main"](song, self.voice(batch, song), batch["mel"])
        return output

    def losses(
        self, phase: str, networks: Mapping[str, nn.Module], batch: Batch, output: DiffusionOutput, step: int
    ) -> dict[str, Tensor]:
        """`noise`, and `prior` where a spectrogram is predicted."""
        terms = {"noise": masked_mse(output.predicted, output.noise, output.mask)}
        if output.prior is not None:
            terms["prior"] = masked_l1(output.prior, output.mel, output.mask)
        return terms

    def weights(self, step: int) -> Mapping[str, float]:
        """Those of the config, of the terms that there are."""
        weights = self.config.loss.at(step)
        return weights if self.config.model.prior is not None else {"noise": weights["noise"]}

    def sung(self, network: SingingNetwork, song: Song, style: Tensor | None) -> dict[str, Tensor]:
        """What is sampled in a few steps."""
        assert isinstance(network, DiffWaveNetSVC)
        shape = (1, self.config.model.mel_channels, song.f0.shape[1])

        def noise(draw: int) -> Tensor:
            return torch.randn(shape, device=song.f0.device)

        steps = min(MEDIA_STEPS, self.config.model.n_steps)
        return {"sung": network.sing(song, style, noise, steps, "ddim")}

"""Training of TransformerSVC."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor, nn

from hiervox.models.base.data.batch import Batch
from hiervox.models.base.training.unwrapping import unwrapped
from hiervox.models.svc._singing.condition import Song
from hiervox.models.svc._singing.losses import ssim_loss
from hiervox.models.svc._singing.network import SingingNetwork
from hiervox.models.svc._singing.task import SingingTask
from hiervox.models.svc.transformer_svc.config import TransformerSVCExperiment
from hiervox.models.svc.transformer_svc.network import TransformerSVC
from hiervox.modules.losses.reconstruction import masked_l1


@dataclass
class Sung:
    """A training pass.

    Attributes:
        mel: (B, M, N), between -1 and 1.
        song: that it was made of.
    """

    mel: Tensor
    song: Song


class TransformerSVCTask(SingingTask[TransformerSVCExperiment]):
    """The whole network learns at once."""

    def build_networks(self) -> dict[str, nn.Module]:
        """The network."""
        return {"main": TransformerSVC(self.config.model)}

    def forward(self, networks: Mapping[str, nn.Module], batch: Batch) -> Sung:
        """The network's pass."""
        song = self.song(batch)
        return Sung(networks["main"](song, self.voice(batch, song)), song)

    def losses(
        self, phase: str, networks: Mapping[str, nn.Module], batch: Batch, output: Sung, step: int
    ) -> dict[str, Tensor]:
        """`mel` and `ssim`."""
        network = unwrapped(networks["main"])
        assert isinstance(network, TransformerSVC)
        target, mask = network.normalise(batch["mel"]), output.song.mask
        return {
            "mel": masked_l1(output.mel, target, mask),
            "ssim": ssim_loss(output.mel, target, mask),
        }

    def weights(self, step: int) -> Mapping[str, float]:
        """Those of the config."""
        return self.config.loss.at(step)

    def sung(self, network: SingingNetwork, song: Song, style: Tensor | None) -> dict[str, Tensor]:
        """The spectrogram."""
        assert isinstance(network, TransformerSVC)
        return {"sung": network.restore(network.mapped(song, style))}

"""Training of DDDM-VC's quantiser of F0 contours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from torch import Tensor, nn
from torch.nn import functional

from hiervox.models.base.data.batch import Batch
from hiervox.models.base.training.cut_task import CutTrainingTask
from hiervox.models.vc.dddm_vc.config import F0QuantizerExperiment
from hiervox.models.vc.dddm_vc.networks.f0_quantizer import F0Quantizer, QuantizedF0


class F0QuantizerTask(CutTrainingTask[F0QuantizerExperiment]):
    """An autoencoder of normalised F0 whose codebook follows the encoder."""

    fields: ClassVar[frozenset[str]] = frozenset({"f0", "normalised_f0"})

    def build_networks(self) -> dict[str, nn.Module]:
        """The network."""
        return {"main": F0Quantizer(self.config.model)}

    def contours(self, batch: Batch) -> Tensor:
        """Normalised F0 (B, T), with unvoiced values up to whole codes."""
        f0: Tensor = batch["normalised_f0"]
        return functional.pad(f0, (0, -f0.shape[1] % self.config.model.ratio))

    def forward(self, networks: Mapping[str, nn.Module], batch: Batch) -> QuantizedF0:
        """What is decoded from the codes of the contours."""
        output: QuantizedF0 = networks["main"](self.contours(batch))
        return output

    def losses(
        self, phase: str, networks: Mapping[str, nn.Module], batch: Batch, output: QuantizedF0, step: int
    ) -> dict[str, Tensor]:
        """`reconstruction` and `commitment`."""
        return {
            "reconstruction": functional.mse_loss(output.f0.float(), self.contours(batch)),
            "commitment": output.commitment.float(),
        }

    def weights(self, step: int) -> Mapping[str, float]:
        """Those of the config."""
        return self.config.loss.at(step)

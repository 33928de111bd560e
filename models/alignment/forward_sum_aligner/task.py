"""Training of the forward-sum aligner."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from torch import Tensor, nn

from hiervox.models.alignment.forward_sum_aligner.config import AlignerExperiment
from hiervox.models.alignment.forward_sum_aligner.network import ForwardSumAligner, with_silences
from hiervox.models.base.data.batch import Batch
from hiervox.models.base.training.cut_task import CutTrainingTask
from hiervox.models.base.training.task import Media
from hiervox.modules.losses.ctc import forward_sum_loss
from hiervox.utils.plots import alignment_figure

EDGES = 2
"""The silences at the ends of a text."""


class AlignerTask(CutTrainingTask[AlignerExperiment]):
    """The likelihood of the frames, summed over all monotonic alignments with their text."""

    fields: ClassVar[frozenset[str]] = frozenset({"wav", "mel", "tokens"})

    def usable(self, frames: int, tokens: int | None) -> bool:
        """Whether there is a frame for each token and silence."""
        return tokens is not None and frames >= tokens + EDGES

    def build_networks(self) -> dict[str, nn.Module]:
        """The network."""
        return {"main": ForwardSumAligner(self.config.model)}

    def forward(self, networks: Mapping[str, nn.Module], batch: Batch) -> Tensor:
        """Logits (B, V, N)."""
        logits: Tensor = networks["main"](batch["mel"], batch["frames"])
        return logits

    def losses(
        self, phase: str, networks: Mapping[str, nn.Module], batch: Batch, output: Tensor, step: int
    ) -> dict[str, Tensor]:
        """`forward_sum` alone."""
        return {"forward_sum": forward_sum_loss(output, batch["frames"], *self._tokens(batch))}

    def _tokens(self, batch: Batch) -> tuple[Tensor, Tensor]:
        return with_silences(batch["tokens"], batch["token_lengths"], self.config.silence)

    def media(self, networks: Mapping[str, nn.Module], batch: Batch) -> Media:
        """The first clip's best alignment."""
        first = {name: value[:1] for name, value in batch.items()}
        network: ForwardSumAligner = networks["main"]  # type: ignore[assignment]
        path = network.best_path(self.forward(networks, first), first["frames"], *self._tokens(first))
        return Media(figures={"alignment": alignment_figure(path[0].cpu())})

"""Predicted mean opinion score by Distill-MOS."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from hiervox.evaluation.metric import Figure
from hiervox.evaluation.prediction import PredictedMetric

if TYPE_CHECKING:
    from torch import Tensor


class DistilledOpinion(PredictedMetric):
    """Distill-MOS, a small network distilled from one on XLS-R. Its weights come with the package."""

    name = "distillmos"
    measures = "predicted mean opinion score of overall quality"
    paper = "Distill-MOS, Stahl and Gamper, arXiv 2502.05356"
    requires: ClassVar[Mapping[str, str]] = {"distillmos": "distillmos"}
    columns = ("distillmos",)
    figures: ClassVar[Mapping[str, Figure]] = {"distillmos": Figure("Distill-MOS", "higher")}

    @property
    def settings(self) -> Mapping[str, str]:
        return {"Distill-MOS": "variant 7, 16 kHz"}

    def prepare(self) -> None:
        super().prepare()
        _ = self._network

    def models(self) -> Mapping[str, Path]:
        from distillmos import sqa

        return {"Distill-MOS": Path(sqa.DEFAULT_WEIGHTS_CHKPT)}

    @cached_property
    def _network(self) -> Any:
        from distillmos import ConvTransformerSQAModel

        with contextlib.redirect_stdout(io.StringIO()):  # it prints where its weights lie
            network = ConvTransformerSQAModel()
        return network.to(self.context.device).eval()

    def predict(self, wav: Tensor, rate: int) -> list[float]:
        return [float(self._network(wav)[0])]

"""Predicted mean opinion score by Distill-MOS."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from hiervox.evaluation.metric import Figure, Metric, Scores
from hiervox.evaluation.table import Utterance

SAMPLE_RATE = 16000


class DistilledOpinion(Metric):
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

    def score(self, utterance: Utterance) -> Scores | None:
        import torch

        wav, _ = self.context.recordings.read(utterance.audio, SAMPLE_RATE)
        if not np.any(wav):
            return None
        with torch.inference_mode():
            score = self._network(torch.from_numpy(wav)[None].to(self.context.device))
        return {"distillmos": float(score[0])}

"""Predicted naturalness by UTMOS, from a TorchScript file."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from hiervox.evaluation.metric import Figure, Metric, Scores
from hiervox.evaluation.table import Utterance
from hiervox.utils.config import Config
from hiervox.utils.errors import DependencyError

SAMPLE_RATE = 16000


class PredictedNaturalness(Metric):
    """UTMOS. No package brings its weights as a wheel, so the network is given as a file.

    The file is TorchScript: waveforms (1, T), float32 at 16 kHz, to one score.
    """

    name = "utmos"
    measures = "predicted mean opinion score of naturalness"
    paper = "UTMOS, Saeki et al., arXiv 2204.02152"
    columns = ("utmos",)
    figures: ClassVar[Mapping[str, Figure]] = {"utmos": Figure("UTMOS", "higher")}

    class Settings(Config):
        """
        Attributes:
            weights: the TorchScript file.
        """

        weights: str = ""

    @property
    def settings(self) -> Mapping[str, str]:
        return {"UTMOS": f"TorchScript {Path(self.config.weights).name}, 16 kHz"}

    def prepare(self) -> None:
        if not self.config.weights:
            raise DependencyError(
                "no installed package brings UTMOS's weights",
                "give a TorchScript file as --set utmos.weights=FILE",
            )
        _ = self._network

    def models(self) -> Mapping[str, Path]:
        return {"UTMOS": Path(self.config.weights)}

    @cached_property
    def _network(self) -> Any:
        import torch

        try:
            return torch.jit.load(self.config.weights, map_location=self.context.device).eval()
        except (OSError, RuntimeError, ValueError) as error:
            raise DependencyError(
                f"can't load {self.config.weights} as TorchScript ({str(error).splitlines()[0]})",
                "export it again",
            ) from error

    def score(self, utterance: Utterance) -> Scores | None:
        import torch

        wav, _ = self.context.recordings.read(utterance.audio, SAMPLE_RATE)
        if not np.any(wav):
            return None
        with torch.inference_mode():
            score = self._network(torch.from_numpy(wav)[None].to(self.context.device))
        return {"utmos": float(score.reshape(-1)[0])}

"""Predicted naturalness by UTMOS, from a TorchScript file."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from hiervox.evaluation.metric import Figure
from hiervox.evaluation.prediction import PredictedMetric
from hiervox.utils.config import Config
from hiervox.utils.errors import DependencyError

if TYPE_CHECKING:
    from torch import Tensor


class PredictedNaturalness(PredictedMetric):
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

    def predict(self, wav: Tensor, rate: int) -> list[float]:
        return [float(self._network(wav).reshape(-1)[0])]

"""Estimates of STOI, PESQ and SI-SDR without a reference, by torchaudio's SQUIM."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from hiervox.evaluation.metric import Figure
from hiervox.evaluation.prediction import PredictedMetric
from hiervox.evaluation.pretrained import load_state
from hiervox.utils.config import Config
from hiervox.utils.errors import DependencyError

WEIGHTS_NAME = "squim_objective_dns2020.pth"

if TYPE_CHECKING:
    from torch import Tensor


class EstimatedObjectives(PredictedMetric):
    """TorchAudio-SQUIM's objective network. torchaudio fetches its weights where no file is given."""

    name = "squim"
    measures = "STOI, PESQ and SI-SDR as a network estimates them without a reference"
    paper = "TorchAudio-SQUIM, arXiv 2304.01448"
    requires: ClassVar[Mapping[str, str]] = {"torchaudio": "torchaudio"}
    columns = ("squim_stoi", "squim_pesq", "squim_si_sdr")
    figures: ClassVar[Mapping[str, Figure]] = {
        "squim_stoi": Figure("SQUIM STOI", "higher"),
        "squim_pesq": Figure("SQUIM PESQ", "higher"),
        "squim_si_sdr": Figure("SQUIM SI-SDR", "higher", "dB"),
    }

    class Settings(Config):
        """
        Attributes:
            weights: torchaudio's file; empty to fetch it.
        """

        weights: str = ""

    @property
    def settings(self) -> Mapping[str, str]:
        return {"SQUIM": f"torchaudio, {self.config.weights or WEIGHTS_NAME}, 16 kHz"}

    def prepare(self) -> None:
        super().prepare()
        _ = self._network

    def models(self) -> Mapping[str, Path]:
        return {"SQUIM": self._weights}

    @cached_property
    def _weights(self) -> Path:
        if self.config.weights:
            return Path(self.config.weights)
        import torchaudio

        try:
            return Path(torchaudio.utils._download_asset(f"models/{WEIGHTS_NAME}"))
        except Exception as error:  # urllib's, ssl's and torch.hub's own
            raise DependencyError(
                f"can't fetch {WEIGHTS_NAME} ({type(error).__name__})",
                "go online, or give the file as --set squim.weights=FILE",
            ) from error

    @cached_property
    def _network(self) -> Any:
        from torchaudio.models import squim_objective_base

        network = squim_objective_base()
        load_state(network, self._weights)
        return network.to(self.context.device)

    def predict(self, wav: Tensor, rate: int) -> list[float]:
        return [float(score) for score in self._network(wav)]

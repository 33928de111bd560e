"""Estimates of STOI, PESQ and SI-SDR without a reference, by torchaudio's SQUIM."""

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
WEIGHTS_NAME = "squim_objective_dns2020.pth"


class EstimatedObjectives(Metric):
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
        import torch
        from torchaudio.models import squim_objective_base

        network = squim_objective_base()
        try:
            network.load_state_dict(torch.load(self._weights, map_location="cpu", weights_only=True))
        except Exception as error:  # torch reports missing, foreign and unsafe files each in its own way
            raise DependencyError(
                f"can't load {self._weights} ({type(error).__name__})", "give torchaudio's file"
            ) from error
        return network.to(self.context.device).eval()

    def score(self, utterance: Utterance) -> Scores | None:
        import torch

        wav, _ = self.context.recordings.read(utterance.audio, SAMPLE_RATE)
        if not np.any(wav):
            return None
        with torch.inference_mode():
            scores = self._network(torch.from_numpy(wav)[None].to(self.context.device))
        return {column: float(value) for column, value in zip(self.columns, scores, strict=True)}

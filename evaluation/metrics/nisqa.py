"""Predicted quality and its dimensions by NISQA."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from hiervox.evaluation.metric import Figure
from hiervox.evaluation.prediction import PredictedMetric
from hiervox.utils.errors import DependencyError

if TYPE_CHECKING:
    from torch import Tensor


class PredictedDimensions(PredictedMetric):
    """NISQA v2.0 on torchmetrics, which fetches its weights into the home folder."""

    name = "nisqa"
    measures = "predicted mean opinion score, noisiness, discontinuity, coloration, loudness"
    paper = "NISQA, Mittag et al., arXiv 2104.09494"
    requires: ClassVar[Mapping[str, str]] = {"torchmetrics": "torchmetrics", "requests": "requests"}
    columns = ("nisqa_mos", "nisqa_noisiness", "nisqa_discontinuity", "nisqa_coloration", "nisqa_loudness")
    figures: ClassVar[Mapping[str, Figure]] = {
        "nisqa_mos": Figure("NISQA MOS", "higher"),
        "nisqa_noisiness": Figure("NISQA noisiness", "higher"),
        "nisqa_discontinuity": Figure("NISQA discontinuity", "higher"),
        "nisqa_coloration": Figure("NISQA coloration", "higher"),
        "nisqa_loudness": Figure("NISQA loudness", "higher"),
    }

    sample_rate = None

    @property
    def settings(self) -> Mapping[str, str]:
        return {"NISQA": "v2.0 (torchmetrics), at the recording's rate"}

    def prepare(self) -> None:
        super().prepare()
        from torchmetrics.functional.audio import nisqa

        try:
            nisqa._load_nisqa_model()
        except Exception as error:  # requests' and pickle's own, where no network or a captive portal answers
            raise DependencyError(
                f"can't fetch NISQA's weights ({type(error).__name__})",
                f"go online, or put nisqa.tar into {nisqa.NISQA_DIR}",
            ) from error

    def models(self) -> Mapping[str, Path]:
        from torchmetrics.functional.audio import nisqa

        return {"NISQA": Path(nisqa.NISQA_DIR).expanduser() / "nisqa.tar"}

    def predict(self, wav: Tensor, rate: int) -> list[float] | None:
        from torchmetrics.functional.audio.nisqa import non_intrusive_speech_quality_assessment

        try:
            return [float(score) for score in non_intrusive_speech_quality_assessment(wav[0], rate)]
        except RuntimeError:  # too short or too long for its windows
            return None

"""How good a recording sounds to a network that has learnt listeners' scores: DNSMOS."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from hiervox.evaluation.metric import Figure, Metric, Scores
from hiervox.evaluation.table import Utterance
from hiervox.processors.audio import Waveform

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

SAMPLE_RATE = 16000
WINDOW_SECONDS = 9.01
WINDOW = int(WINDOW_SECONDS * SAMPLE_RATE)
"""Samples of one window of the network; shorter recordings are doubled until they fill it."""
HOP = SAMPLE_RATE
COLUMNS = ("dnsmos_sig", "dnsmos_bak", "dnsmos_ovrl")
CURVES = (
    (-0.08397278, 1.22083953, 0.0052439),
    (-0.13166888, 1.60915514, -0.39604546),
    (-0.06766283, 1.11546468, 0.04602535),
)
"""From the network's outputs to scores, a second-degree polynomial for each column (DNSMOS P.835's own)."""


def weights_file() -> Path:
    """The network of DNSMOS P.835 in the package speechmos."""
    spec = find_spec("speechmos")
    assert spec is not None and spec.origin is not None
    return Path(spec.origin).parent / "dnsmos_models" / "sig_bak_ovr.onnx"


class QualityPredictor:
    """DNSMOS P.835 (Reddy et al., arXiv 2110.01763), with the weights of the package speechmos."""

    @cached_property
    def _session(self) -> InferenceSession:
        from onnxruntime import InferenceSession, SessionOptions

        options = SessionOptions()
        options.log_severity_level = 3
        return InferenceSession(str(weights_file()), options, providers=["CPUExecutionProvider"])

    def predict(self, wav: Waveform) -> dict[str, float] | None:
        """Scores from 1 to 5 of `wav` (T,), 16 kHz, for speech, background and overall; None of silence."""
        if not np.any(wav):
            return None
        while wav.size < WINDOW:  # doubled, as by the published script
            wav = np.concatenate([wav, wav])
        count = int(wav.size // SAMPLE_RATE - WINDOW_SECONDS) + 1  # as the published script counts them
        # The published script leaves out windows whose end is rounded down by a sample in floating point.
        ends = [int((index + WINDOW_SECONDS) * SAMPLE_RATE) for index in range(count)]
        starts = [index * HOP for index, end in enumerate(ends) if end - index * HOP >= WINDOW]
        windows = [np.clip(wav[start : start + WINDOW], -1, 1).astype(np.float32) for start in starts]
        raw = np.stack([self._session.run(None, {"input_1": window[None]})[0][0] for window in windows])
        return {
            column: float(np.polyval(curve, values).mean())
            for column, curve, values in zip(COLUMNS, CURVES, raw.T, strict=True)
        }


class PerceivedQuality(Metric):
    """The three scores of DNSMOS P.835."""

    name = "dnsmos"
    measures = "predicted listeners' scores of speech, background and overall quality"
    paper = "DNSMOS P.835, arXiv 2110.01763"
    requires: ClassVar[Mapping[str, str]] = {"onnxruntime": "onnxruntime", "speechmos": "speechmos"}
    columns = COLUMNS
    figures: ClassVar[Mapping[str, Figure]] = {
        "dnsmos_ovrl": Figure("DNSMOS OVRL", "higher"),
        "dnsmos_sig": Figure("DNSMOS SIG", "higher"),
        "dnsmos_bak": Figure("DNSMOS BAK", "higher"),
    }

    @property
    def settings(self) -> Mapping[str, str]:
        return {"DNSMOS": "P.835 (speechmos), windows of 9.01 s, 1 s apart"}

    def prepare(self) -> None:
        super().prepare()
        _ = self._predictor

    def models(self) -> Mapping[str, Path]:
        return {"DNSMOS": weights_file()}

    @cached_property
    def _predictor(self) -> QualityPredictor:
        return QualityPredictor()

    def score(self, utterance: Utterance) -> Scores | None:
        wav, _ = self.context.recordings.read(utterance.audio, SAMPLE_RATE)
        return self._predictor.predict(wav)

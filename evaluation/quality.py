"""How good a recording sounds to a network that has learnt listeners' scores: DNSMOS."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from importlib.resources import as_file, files
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from hiervox.evaluation.metric import Figure, Metric, Scores
from hiervox.evaluation.table import Utterance
from hiervox.processors.audio import Waveform, read_audio
from hiervox.utils.errors import DependencyError

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

SAMPLE_RATE = 16000
WINDOW = int(9.01 * SAMPLE_RATE)
"""Samples the network hears at once; shorter recordings are repeated."""
HOP = SAMPLE_RATE
COLUMNS = ("dnsmos_sig", "dnsmos_bak", "dnsmos_ovrl")
CURVES = (
    (-0.08397278, 1.22083953, 0.0052439),
    (-0.13166888, 1.60915514, -0.39604546),
    (-0.06766283, 1.11546468, 0.04602535),
)
"""From the network's outputs to scores, a second-degree polynomial for each column (DNSMOS P.835's own)."""


class QualityPredictor:
    """DNSMOS P.835 (Reddy et al., arXiv 2110.01763), with the weights of the package speechmos."""

    @cached_property
    def _session(self) -> InferenceSession:
        try:
            from onnxruntime import InferenceSession, SessionOptions

            weights = files("speechmos") / "dnsmos_models" / "sig_bak_ovr.onnx"
        except ImportError as error:
            raise DependencyError(
                f"DNSMOS can't run ({error})", "pip install speechmos onnxruntime"
            ) from error
        options = SessionOptions()
        options.log_severity_level = 3
        with as_file(weights) as path:
            return InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

    def predict(self, wav: Waveform) -> dict[str, float] | None:
        """Scores from 1 to 5 of `wav` (T,), 16 kHz, for speech, background and overall; None of silence."""
        if not np.any(wav):
            return None
        wav = np.tile(wav, -(-WINDOW // wav.size)) if wav.size < WINDOW else wav
        starts = range(0, wav.size - WINDOW + 1, HOP)
        windows = [np.clip(wav[start : start + WINDOW], -1, 1).astype(np.float32) for start in starts]
        raw = np.stack([self._session.run(None, {"input_1": window[None]})[0][0] for window in windows])
        return {
            column: float(np.polyval(curve, values).mean())
            for column, curve, values in zip(COLUMNS, CURVES, raw.T, strict=True)
        }


class PerceivedQuality(Metric):
    """The three scores of DNSMOS P.835."""

    columns = COLUMNS
    figures: ClassVar[Mapping[str, Figure]] = {
        "dnsmos_ovrl": Figure("DNSMOS OVRL", "higher"),
        "dnsmos_sig": Figure("DNSMOS SIG", "higher"),
        "dnsmos_bak": Figure("DNSMOS BAK", "higher"),
    }

    def __init__(self) -> None:
        super().__init__()
        self.predictor = QualityPredictor()

    @property
    def settings(self) -> Mapping[str, str]:
        return {"quality": "DNSMOS P.835 (speechmos), windows of 9.01 s, 1 s apart"}

    def score(self, utterance: Utterance) -> Scores | None:
        wav, _ = read_audio(utterance.audio, SAMPLE_RATE)
        return self.predictor.predict(wav)

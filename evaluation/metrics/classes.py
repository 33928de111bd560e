"""FD, IS and KL over the features and classes of a sound classifier."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from hiervox.evaluation.distributions import frechet_distance, inception_score, paired_divergence
from hiervox.evaluation.estimate import Estimate
from hiervox.evaluation.metric import Figure, Metric, Row, Scores, Vector, mean_of
from hiervox.evaluation.table import Utterance
from hiervox.utils.config import Config

if TYPE_CHECKING:
    from hiervox.evaluation.classifiers import Classifier

CACHED_CLASSES = 256


def softmax(logits: Vector) -> Vector:
    """Probabilities (C,) of logits (C,)."""
    powers = np.exp(logits.astype(np.float64) - logits.max())
    found: Vector = (powers / powers.sum()).astype(np.float32)
    return found


class ClassDistances(Metric):
    """Fréchet distance of features, inception score, and divergence of classes from the reference's.

    FD and IS are figures of a set and have no interval; KL has a value for each recording.
    """

    name = "classes"
    measures = "FD, IS and KL over the features and classes of a sound classifier (text to audio)"
    paper = "AudioLDM, arXiv 2301.12503, section 4; PANNs, arXiv 1912.10211"
    needs = ("reference",)
    columns = ("kl",)
    vectors = ("class_features", "class_features_reference", "class_probabilities")
    figures: ClassVar[Mapping[str, Figure]] = {
        "fd": Figure("FD", "lower"),
        "inception": Figure("IS", "higher"),
        "kl": Figure("KL", "lower"),
    }

    class Settings(Config):
        """
        Attributes:
            model: `panns:FILE`, `transformers:NAME`, `events:FOLDER` or `package.module:Class`.
        """

        model: str = ""

    @property
    def settings(self) -> Mapping[str, str]:
        return {"sound classifier": f"{self.config.model}, softmax over its logits"}

    def prepare(self) -> None:
        self.classifier.files()

    def models(self) -> Mapping[str, Path]:
        return self.classifier.files()

    @cached_property
    def classifier(self) -> Classifier:
        """The classifier that the settings name."""
        from hiervox.evaluation.classifiers import build_classifier

        return build_classifier(self.config.model, self.context.device)

    @cached_property
    def _classify(self) -> Callable[[Path], tuple[Vector, Vector]]:
        return lru_cache(CACHED_CLASSES)(self._classify_uncached)

    def _classify_uncached(self, file: Path) -> tuple[Vector, Vector]:
        wav, _ = self.context.recordings.read(file, self.classifier.sample_rate)
        features, logits = self.classifier.classify(wav)
        return np.asarray(features, np.float32), softmax(np.asarray(logits))

    def score(self, utterance: Utterance) -> Scores | None:
        features, probabilities = self._classify(utterance.audio)
        found: dict[str, float | str | Vector] = {
            "class_features": features,
            "class_probabilities": probabilities,
        }
        if utterance.reference is not None:
            features, target = self._classify(utterance.reference)
            found["class_features_reference"] = features
            found["kl"] = paired_divergence(target, probabilities)
        return found

    def summarize(self, rows: Sequence[Row]) -> dict[str, Estimate | None]:
        with_reference = [row for row in rows if "class_features_reference" in row.scores]
        distance = float("nan")
        if len(with_reference) > 1:
            distance = frechet_distance(
                _stack(with_reference, "class_features"), _stack(with_reference, "class_features_reference")
            )
        inception = inception_score(_stack(rows, "class_probabilities")) if rows else float("nan")
        return {
            "fd": _of_set(distance, len(with_reference)),
            "inception": _of_set(inception, len(rows)),
            "kl": mean_of(rows, "kl"),
        }


def _stack(rows: Sequence[Row], column: str) -> Vector:
    return np.stack([np.asarray(row.scores[column]) for row in rows])


def _of_set(value: float, count: int) -> Estimate | None:
    return Estimate(value, None, None, count) if np.isfinite(value) else None

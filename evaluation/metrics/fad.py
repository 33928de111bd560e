"""Fréchet audio distance between the recordings of a system and their references."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from typing import ClassVar

import numpy as np

from hiervox.evaluation.distributions import frechet_distance
from hiervox.evaluation.embeddings import Embedding, build_embedding
from hiervox.evaluation.estimate import Estimate
from hiervox.evaluation.metric import Figure, Metric, Row, Scores, Vector
from hiervox.evaluation.table import Utterance
from hiervox.utils.config import Config

CACHED_EMBEDDINGS = 64


class FrechetAudioDistance(Metric):
    """FAD over a pluggable embedding: a figure of a set, without values for utterances or an interval.

    Its value depends on the embedding and, by its bias, on the number of recordings: compare only figures of
    one embedding and one list.
    """

    name = "fad"
    measures = "Fréchet audio distance between the set of recordings and the set of references"
    paper = "Kilgour et al., arXiv 1812.08466; on embeddings, Gui et al., arXiv 2311.01616"
    needs = ("reference",)
    columns = ()
    vectors = ("fad_generated", "fad_reference")
    figures: ClassVar[Mapping[str, Figure]] = {"fad": Figure("FAD", "lower")}

    class Settings(Config):
        """
        Attributes:
            embedding: `whisper`, `mel`, `transformers:NAME` or `package.module:Class`.
        """

        embedding: str = "whisper"

    @property
    def settings(self) -> Mapping[str, str]:
        return {"FAD embedding": f"{self.config.embedding}, one vector a frame"}

    def prepare(self) -> None:
        self.embedding.files()

    def models(self) -> Mapping[str, Path]:
        return self.embedding.files()

    @cached_property
    def embedding(self) -> Embedding:
        """The embedding that the settings name."""
        return build_embedding(self.config.embedding, self.context.device)

    @cached_property
    def _vectors(self) -> Callable[[Path], Vector]:
        return lru_cache(CACHED_EMBEDDINGS)(self._embed)

    def _embed(self, file: Path) -> Vector:
        wav, _ = self.context.recordings.read(file, self.embedding.sample_rate)
        return np.asarray(self.embedding.embed(wav), np.float32)

    def score(self, utterance: Utterance) -> Scores | None:
        if utterance.reference is None:
            return None
        ours, theirs = self._vectors(utterance.audio), self._vectors(utterance.reference)
        return dict(zip(self.vectors, (ours, theirs), strict=True))

    def summarize(self, rows: Sequence[Row]) -> dict[str, Estimate | None]:
        known = [row for row in rows if self.vectors[0] in row.scores]
        if not known:
            return {"fad": None}
        ours, theirs = (
            np.concatenate([np.asarray(row.scores[name]) for row in known]) for name in self.vectors
        )
        distance = frechet_distance(ours, theirs)
        return {"fad": Estimate(distance, None, None, len(known)) if np.isfinite(distance) else None}

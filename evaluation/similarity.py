"""Similarity of two voices: cosine of speaker embeddings, and the equal error rate over trials."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hiervox.evaluation.estimate import Estimate, set_estimate
from hiervox.evaluation.metric import Figure, Metric, Row, Scores, Vector, mean_of, speakers_of
from hiervox.evaluation.table import Utterance
from hiervox.processors.audio import Waveform

SAMPLE_RATE = 16000
"""Of all three encoders."""
LEAST_SAMPLES = SAMPLE_RATE * 3 // 10
"""Under 0.3 s there is no voice to compare."""
CACHED_VOICES = 256
"""Prompts come again and again; an embedding is about 1 KiB."""


class SpeakerSimilarity(Metric):
    """Cosine between the voices of a recording and of its prompt; one subclass an encoder.

    SIM-o compares with the prompt as it was recorded, SIM-r with the prompt as the system's own codec or
    vocoder gives it back (VALL-E, arXiv 2301.02111, section 5.1). The equal error rate is over the trials
    of each recording against its own prompt and against the prompts of other speakers.

    A subclass has the columns `NAME`, `NAME_r` and the vectors `NAME_voice`, `NAME_prompt`.
    """

    needs = ("prompt", "resynthesized_prompt", "speaker")

    @abstractmethod
    def embed(self, wav: Waveform) -> Vector | None:
        """The voice of `wav` (T,), 16 kHz: (D,) of any length; None where no speech is found."""

    @cached_property
    def _embed_file(self) -> Callable[[Path], Vector | None]:
        return lru_cache(CACHED_VOICES)(self._embed_uncached)

    def _embed_uncached(self, file: Path) -> Vector | None:
        wav, _ = self.context.recordings.read(file, SAMPLE_RATE)
        if wav.size < LEAST_SAMPLES or not np.any(wav):
            return None
        voice = self.embed(wav)
        return None if voice is None else np.asarray(voice / np.linalg.norm(voice), np.float32)

    def score(self, utterance: Utterance) -> Scores | None:
        if utterance.prompt is None:
            return None
        voice, prompt = self._embed_file(utterance.audio), self._embed_file(utterance.prompt)
        if voice is None or prompt is None:
            return None
        similarity, resynthesized, _ = self.figures
        found: dict[str, float | str | Vector] = {similarity: float(voice @ prompt)}
        if utterance.resynthesized_prompt is not None:
            again = self._embed_file(utterance.resynthesized_prompt)
            if again is not None:
                found[resynthesized] = float(voice @ again)
        return {**found, **dict(zip(self.vectors, (voice, prompt), strict=True))}

    def summarize(self, rows: Sequence[Row]) -> dict[str, Estimate | None]:
        similarity, resynthesized, errors = self.figures
        return {
            similarity: mean_of(rows, similarity),
            resynthesized: mean_of(rows, resynthesized),
            errors: self._error_rate(rows),
        }

    def _error_rate(self, rows: Sequence[Row]) -> Estimate | None:
        known = [row for row in rows if row.utterance.speaker and self.vectors[0] in row.scores]
        if not known:
            return None
        voices, prompts = (np.stack([np.asarray(row.scores[name]) for row in known]) for name in self.vectors)
        speakers = np.array([row.utterance.speaker for row in known])
        scores = voices @ prompts.T
        own, other = np.diagonal(scores), speakers[:, None] != speakers

        def rate(drawn: NDArray[np.int64]) -> float:
            return equal_error_rate(own[drawn], scores[drawn][other[drawn]])

        return set_estimate(len(known), rate, speakers_of(known))


def declare(name: str, title: str) -> dict[str, Figure]:
    """The three figures of an encoder called `name`."""
    return {
        name: Figure(f"SIM-o ({title})", "higher"),
        f"{name}_r": Figure(f"SIM-r ({title})", "higher"),
        f"{name}_eer": Figure(f"EER ({title})", "lower", "%", percent=True),
    }


def equal_error_rate(targets: NDArray[np.floating], impostors: NDArray[np.floating]) -> float:
    """Where false acceptances and false rejections are equally frequent; NaN without trials of one kind.

    Args:
        targets: scores of trials of one speaker (N,).
        impostors: scores of trials of two speakers (M,).
    """
    if not targets.size or not impostors.size:
        return float("nan")
    thresholds = np.unique(np.concatenate([targets, impostors]))
    rejected = np.searchsorted(np.sort(targets), thresholds) / targets.size
    accepted = 1 - np.searchsorted(np.sort(impostors), thresholds) / impostors.size
    rejected, accepted = np.append(rejected, 1.0), np.append(accepted, 0.0)
    crossing = int(np.argmax(rejected >= accepted))
    if crossing == 0:
        return float(rejected[0])
    before, after = accepted[crossing - 1] - rejected[crossing - 1], accepted[crossing] - rejected[crossing]
    share = before / (before - after)
    return float(rejected[crossing - 1] + share * (rejected[crossing] - rejected[crossing - 1]))

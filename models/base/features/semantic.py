"""Semantic vectors of a self-supervised or recognition model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from hiervox.models.base.data.feature import Failures, Feature, FeatureStore, Settings, each
from hiervox.processors.audio import FRAME_RATE, SAMPLE_RATE, Waveform
from hiervox.processors.semantic import SemanticConfig, require_same_features
from hiervox.utils.errors import ConfigError, DependencyError, reason

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from hiervox.models.base.data.clip import Clip
    from hiervox.models.base.data.random_clips import RandomClips
    from hiervox.processors.semantic import SemanticExtractor

BATCH_SECONDS = 60.0
"""Most seconds of audio that the semantic encoder sees at once."""
KEY = "features.semantic"


@dataclass(frozen=True)
class Job:
    """One waveform that the semantic encoder has to see: (T,) at 16 kHz, and where its vectors go."""

    clip: Clip
    array: str
    wav: Waveform


class Semantic(Feature):
    """Semantic vectors by `features.semantic`: (B, C, rows), 50 a second, stored in float16."""

    name = "semantic"
    stored = True
    settings: ClassVar[Settings] = {"semantic": (SemanticConfig, SemanticConfig())}

    @property
    def frame_rate(self) -> Fraction:
        """50 a second."""
        return Fraction(FRAME_RATE)

    @property
    def encoders(self) -> tuple[SemanticConfig, ...]:
        """Whose vectors stand one above the other."""
        return (self.config.features.semantic,)

    def recipe(self) -> dict[str, Any]:
        """The encoder, and what else a subclass depends on."""
        features = self.config.features.model_dump(mode="json")
        return {f"features.{key}": features[key] for key in {**Semantic.settings, **self.settings}}

    def require_recipe(self, stored: Mapping[str, Any], where: str) -> None:
        """As of any feature, but a copy of the encoder under another path is the same."""
        given = SemanticConfig.model_validate(stored[KEY])
        require_same_features(self.config.features.semantic, given, where)
        super().require_recipe({**stored, KEY: self.recipe()[KEY]}, where)

    def compute(self, clip: Clip) -> NDArray[np.float16]:
        """(rows, C)."""
        return self._encode([clip.at_rate(SAMPLE_RATE)])[0]

    def jobs(self, clip: Clip) -> Iterator[Job]:
        """The waveforms of a clip that the encoder has to see."""
        yield Job(clip, self.name, clip.at_rate(SAMPLE_RATE))

    def extract(self, clips: Sequence[Clip], store: FeatureStore) -> Failures:
        """Waveforms of one length go through the encoder together."""
        jobs: list[Job] = []
        failed = each(clips, lambda clip: jobs.extend(self.jobs(clip)))
        for batch in _batches(jobs):
            failed |= self._store(batch, store)
        return failed

    def read(self, clip: Clip) -> NDArray[np.float32]:
        """(rows, C) as stored, in float32."""
        return clip.stored(self.name).astype(np.float32)

    def random(self, clips: RandomClips) -> Tensor:
        """Vectors of as many channels as the network takes."""
        return clips.normal(clips.model.semantic_channels, self.rows(clips.frames))

    def _store(self, batch: Sequence[Job], store: FeatureStore) -> Failures:
        try:
            arrays = self._encode([job.wav for job in batch])
        except (ConfigError, DependencyError):
            raise
        except Exception as error:  # as in `each`; the others of the batch get another chance
            if len(batch) == 1:
                return {batch[0].clip.cut.id: reason(error)}
            return {id: why for job in batch for id, why in self._store([job], store).items()}
        failed: Failures = {}
        for job, array in zip(batch, arrays, strict=True):
            if np.isfinite(array).all():
                store.put(job.clip.cut, job.array, array, self.frame_rate)
            else:
                failed[job.clip.cut.id] = "the semantic vectors do not fit float16"
        return failed

    def load(self) -> None:
        """Load what encodes.

        Raises:
            DependencyError: a package or the weights are not there.
            ConfigError, CheckpointError: as `build_semantic_extractor`.
        """
        self._extractors()

    def _extractors(self) -> list[SemanticExtractor]:
        from hiervox.processors.semantic import build_semantic_extractor

        def loaded(config: SemanticConfig) -> SemanticExtractor:
            return self.networks.get(config, lambda device: build_semantic_extractor(config, device))

        return [loaded(config) for config in self.encoders]

    def _encode(self, wavs: Sequence[Waveform]) -> NDArray[np.float16]:
        """(T,) of one length → (B, rows, C)."""
        import torch

        samples = torch.from_numpy(np.stack(wavs))
        with torch.inference_mode():
            vectors = torch.cat([encoder.extract(samples) for encoder in self._extractors()], dim=1)
        array: NDArray[np.float16] = vectors.transpose(1, 2).to(torch.float16).cpu().numpy()
        return array


def _batches(jobs: Sequence[Job]) -> Iterator[list[Job]]:
    """Jobs of one length together, at most `BATCH_SECONDS` of them."""
    batch: list[Job] = []
    for job in sorted(jobs, key=lambda job: job.wav.size):
        if batch and (
            job.wav.size != batch[0].wav.size or (len(batch) + 1) * job.wav.size > BATCH_SECONDS * SAMPLE_RATE
        ):
            yield batch
            batch = []
        batch.append(job)
    if batch:
        yield batch

"""The features of one block of cuts, and the files they go to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from hiervox.models.base.data.features import F0_HOP_SECONDS, FeaturesConfig
from hiervox.models.base.data.manifest import audio_path, write_cuts
from hiervox.models.base.data.pronunciation import pronounce
from hiervox.models.base.data.randomness import generator_for
from hiervox.models.base.data.waveform import read_waveform
from hiervox.processors.audio import FRAME_RATE, SAMPLE_RATE, Waveform, pad_to_grid
from hiervox.processors.perturbation import perturb
from hiervox.processors.pitch import extract_f0
from hiervox.utils.errors import AudioError, ConfigError, DependencyError, HierVoxError
from hiervox.utils.files import replacing_file, write_json

if TYPE_CHECKING:
    from lhotse.cut.data import DataCut
    from lhotse.features.io import NumpyHdf5Writer
    from numpy.typing import NDArray

PCM_SCALE = 32767
BATCH_SECONDS = 60.0
"""Most seconds of audio that the semantic encoder sees at once."""


@dataclass(frozen=True)
class Failure:
    """A cut that has no features, and why."""

    id: str
    audio: str
    reason: str


@dataclass(frozen=True)
class _Job:
    """One waveform that the semantic encoder has to see: (T,) at 16 kHz, on the grid."""

    cut: DataCut
    key: str
    field: str
    wav: Waveform


class BlockExtractor:
    """Computes the features of blocks of cuts; holds the semantic encoder between them.

    Args:
        features: what to compute.
        device: of the semantic encoder.
        symbols: what the tokens count; the published model's by default.
    """

    def __init__(self, features: FeaturesConfig, device: str, symbols: tuple[str, ...] | None = None) -> None:
        from hiervox.processors.semantic import build_semantic_extractor

        self.features = features
        self.symbols = symbols
        self.semantic = build_semantic_extractor(features.semantic, device)

    def extract(self, cuts: Sequence[DataCut], manifest: Path) -> None:
        """Write `manifest`, with `.h5` and `.failures.json` beside it. The manifest comes last."""
        from lhotse.features.io import NumpyHdf5Writer

        block = [_copied(cut) for cut in cuts]
        failed: dict[str, str] = {}
        store = store_path(manifest).resolve()
        for leftover in store.parent.glob(f".{store.stem}*"):  # of a run that was killed within this block
            leftover.unlink()
        with replacing_file(store) as temporary, NumpyHdf5Writer(temporary) as writer:
            jobs: list[_Job] = []
            for number, cut in enumerate(block):
                try:
                    jobs += self._prepare(cut, f"{number:03d}", writer)
                except (ConfigError, DependencyError):
                    raise
                except Exception as error:  # one odd cut must not end a run of hours; it is reported
                    failed[cut.id] = _reason(error)
            for batch in _batches(jobs):
                failed |= self._encode(batch, writer)
        for cut in block:
            for name in ("wav", "f0", *self._semantic_fields()):
                if name in cut.custom:
                    cut.custom[name].array.storage_path = str(store)
        failures = [
            Failure(cut.id, str(audio_path(cut)), failed[cut.id]) for cut in block if cut.id in failed
        ]
        write_json(failures_path(manifest), [asdict(failure) for failure in failures])
        write_cuts([cut for cut in block if cut.id not in failed], manifest)

    def _semantic_fields(self) -> list[str]:
        return ["semantic", *(perturbed_field(copy) for copy in range(self.features.perturbed_copies))]

    def _prepare(self, cut: DataCut, key: str, writer: NumpyHdf5Writer) -> list[_Job]:
        """Do what needs no semantic encoder, and return what does."""
        wav = read_waveform(cut, SAMPLE_RATE)
        padded = pad_to_grid(wav)
        f0 = extract_f0(padded, SAMPLE_RATE, self.features.pitch, cut.id)
        if not f0.any():
            raise AudioError(f"{cut.id} has no voiced frame", "remove it, or use another pitch method")
        spoken = pronounce(cut, self.symbols)
        if spoken is not None:
            stored = {name: value for name, value in spoken._asdict().items() if value}
            cut.supervisions[0].custom |= stored
        jobs = [_Job(cut, key, "semantic", padded)]
        for copy in range(self.features.perturbed_copies):
            perturbed = perturb(wav, SAMPLE_RATE, generator_for(cut.id, copy), self.features.perturbation)
            jobs.append(_Job(cut, key, perturbed_field(copy), pad_to_grid(perturbed)))
        pcm = np.clip(np.rint(padded * PCM_SCALE), -PCM_SCALE, PCM_SCALE).astype(np.int16)
        _store(cut, key, "wav", pcm, 1 / SAMPLE_RATE, writer)
        _store(cut, key, "f0", f0, F0_HOP_SECONDS, writer)
        return jobs

    def _encode(self, batch: Sequence[_Job], writer: NumpyHdf5Writer) -> dict[str, str]:
        """Store semantic vectors of waveforms of one length; returns the ids that failed, with the reason."""
        import torch

        try:
            with torch.inference_mode():
                vectors = self.semantic.extract(torch.from_numpy(np.stack([job.wav for job in batch])))
            arrays = vectors.transpose(1, 2).to(torch.float16).cpu().numpy()
        except (ConfigError, DependencyError):
            raise
        except Exception as error:  # as above; the others of the batch get another chance
            if len(batch) == 1:
                return {batch[0].cut.id: _reason(error)}
            return {id: reason for job in batch for id, reason in self._encode([job], writer).items()}
        failed: dict[str, str] = {}
        for job, array in zip(batch, arrays, strict=True):
            if np.isfinite(array).all():
                _store(job.cut, job.key, job.field, array, 1 / FRAME_RATE, writer)
            else:
                failed[job.cut.id] = "the semantic vectors do not fit float16"
        return failed


def perturbed_field(copy: int) -> str:
    """The field of a cut that holds the semantic vectors of its perturbed copy number `copy` (from 0)."""
    return f"semantic_perturbed_{copy}"


def store_path(manifest: Path) -> Path:
    """The arrays of a block."""
    return manifest.with_name(manifest.name.removesuffix(".jsonl.gz") + ".h5")


def failures_path(manifest: Path) -> Path:
    """The failures of a block."""
    return manifest.with_name(manifest.name.removesuffix(".jsonl.gz") + ".failures.json")


def _copied(cut: DataCut) -> DataCut:
    """A cut whose fields can be added to."""
    from lhotse.utils import fastcopy

    supervisions = [fastcopy(one, custom=dict(one.custom or {})) for one in cut.supervisions]
    return fastcopy(cut, custom=dict(cut.custom or {}), supervisions=supervisions)


def _store(
    cut: DataCut, key: str, field: str, array: NDArray, frame_shift: float, writer: NumpyHdf5Writer
) -> None:
    cut.custom[field] = writer.store_array(
        f"{key}/{field}", array, frame_shift=frame_shift, temporal_dim=0, start=cut.start
    )


def _batches(jobs: Sequence[_Job]) -> Iterator[list[_Job]]:
    """Jobs of one length together, at most `BATCH_SECONDS` of them."""
    batch: list[_Job] = []
    for job in sorted(jobs, key=lambda job: job.wav.size):
        if batch and (
            job.wav.size != batch[0].wav.size or (len(batch) + 1) * job.wav.size > BATCH_SECONDS * SAMPLE_RATE
        ):
            yield batch
            batch = []
        batch.append(job)
    if batch:
        yield batch


def _reason(error: Exception) -> str:
    return str(error) if isinstance(error, HierVoxError) else f"{type(error).__name__}: {error}"

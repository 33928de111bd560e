"""From a batch of cuts to a batch of tensors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch.utils.data import Dataset

from hiervox.models.base.data.block import PCM_SCALE, perturbed_field
from hiervox.models.base.data.manifest import supervision_of
from hiervox.models.base.data.randomness import generator_for
from hiervox.models.base.data.waveform import cut_samples, grid_frames, read_waveform
from hiervox.processors.audio import FRAME_RATE, SAMPLE_RATE

if TYPE_CHECKING:
    import h5py
    from lhotse.cut.data import DataCut
    from numpy.typing import NDArray

FIELDS = frozenset({"wav", "f0", "semantic", "semantic_perturbed", "tokens"})
F0_PER_FRAME = 4
OPEN_STORES = 32


def cut_frames(cut: DataCut) -> int:
    """50 Hz frames of a cut: those of its stored arrays, or, without any, of its padded audio."""
    stored = (cut.custom or {}).get("wav")
    return grid_frames(cut_samples(cut)) if stored is None else stored.shape[0] * FRAME_RATE // SAMPLE_RATE


def cut_tokens(cut: DataCut) -> list[int] | None:
    """Token ids of a cut, without blanks; None where it has none."""
    supervision = supervision_of(cut)
    return None if supervision is None else (supervision.custom or {}).get("tokens")


def perturbed_copies(cut: DataCut) -> int:
    """How many perturbed copies of semantic vectors a cut has."""
    copies = 0
    while perturbed_field(copies) in (cut.custom or {}):
        copies += 1
    return copies


@dataclass(frozen=True)
class BatchShare:
    """The cuts of a batch that one process reads.

    Attributes:
        cuts: its own.
        frames, tokens: of the longest utterance of the whole batch, to which every process pads. What a
            network makes of an utterance near padding, and means over padding, then don't depend on who
            reads what.
    """

    cuts: Sequence[DataCut]
    frames: int
    tokens: int


class CutDataset(Dataset[dict[str, Any]]):
    """Reads one batch of cuts an item. Crops and choices depend on seed, epoch and utterance alone.

    Args:
        fields: which of `FIELDS` a batch has.
        sample_rate: of `wav`, Hz.
        max_frames: longer utterances are cropped at random to this many frames; None keeps them whole.
        seed, epoch: of the crops and of the choice of the perturbed copy.
    """

    def __init__(
        self, fields: frozenset[str], sample_rate: int, max_frames: int | None, seed: int, epoch: int
    ) -> None:
        self.fields = fields
        self.sample_rate = sample_rate
        self.max_frames = max_frames
        self.seed = seed
        self.epoch = epoch

    def __getitem__(self, share: BatchShare) -> dict[str, Any]:
        """A batch, zero-padded to N frames and L tokens, those of its longest utterances in all processes.

        Returns:
            `ids` (list), `frames` (B,), and what the fields say of `wav` (B, N · sample_rate / 50), `f0`
            (B, 4N) in Hz, `semantic` and `semantic_perturbed` (B, C, N), `tokens` (B, L) without blanks, and
            with these `token_lengths` (B,).
        """
        items = [self._read(cut) for cut in share.cuts]
        batch: dict[str, Any] = {
            "ids": [cut.id for cut in share.cuts],
            "frames": torch.tensor([item["frames"] for item in items]),
        }
        for name in sorted(self.fields):
            batch[name] = _stack([item[name] for item in items], self._padded_length(name, share))
        if "tokens" in self.fields:
            batch["token_lengths"] = torch.tensor([len(item["tokens"]) for item in items])
        for name in ("semantic", "semantic_perturbed"):
            if name in batch:
                batch[name] = batch[name].transpose(1, 2).contiguous()
        return batch

    def _padded_length(self, field: str, share: BatchShare) -> int:
        per_frame = {"wav": self.sample_rate // FRAME_RATE, "f0": F0_PER_FRAME}.get(field, 1)
        return share.tokens if field == "tokens" else per_frame * share.frames

    def _read(self, cut: DataCut) -> dict[str, Any]:
        generator = generator_for(self.seed, self.epoch, cut.id)
        frames = cut_frames(cut)
        start = 0
        if self.max_frames is not None and frames > self.max_frames:
            start = int(generator.integers(frames - self.max_frames + 1))
            frames = self.max_frames
        item: dict[str, Any] = {"frames": frames}
        if "wav" in self.fields:
            item["wav"] = self._wav(cut, start, frames)
        if "f0" in self.fields:
            item["f0"] = _slice(cut, "f0", start * F0_PER_FRAME, frames * F0_PER_FRAME)
        if "semantic" in self.fields:
            item["semantic"] = _slice(cut, "semantic", start, frames).astype(np.float32)
        if "semantic_perturbed" in self.fields:
            copy = int(generator.integers(perturbed_copies(cut)))
            item["semantic_perturbed"] = _slice(cut, perturbed_field(copy), start, frames).astype(np.float32)
        if "tokens" in self.fields:
            item["tokens"] = np.asarray(cut_tokens(cut), np.int64)
        return item

    def _wav(self, cut: DataCut, start: int, frames: int) -> NDArray[np.float32]:
        """Samples (T,) of a window; the stored 16 kHz copy is used where it serves."""
        hop_length = self.sample_rate // FRAME_RATE
        length = frames * hop_length
        if self.sample_rate == SAMPLE_RATE and "wav" in (cut.custom or {}):
            pcm = _slice(cut, "wav", start * hop_length, length)
            wav: NDArray[np.float32] = (pcm / np.float32(PCM_SCALE)).astype(np.float32)
        else:
            wav = read_waveform(cut, self.sample_rate, start / FRAME_RATE, frames / FRAME_RATE)[:length]
        return np.pad(wav, (0, length - wav.size))


def _slice(cut: DataCut, field: str, start: int, length: int) -> NDArray[Any]:
    """Rows `start` to `start + length` of a stored array, without reading the others."""
    array = cut.custom[field].array
    rows: NDArray[Any] = open_store(array.storage_path)[array.storage_key][start : start + length]
    return rows


@lru_cache(maxsize=OPEN_STORES)
def open_store(path: str) -> h5py.File:
    """The HDF5 file of a block. lhotse's own reader never closes one, and a large corpus has thousands."""
    import h5py

    return h5py.File(path, "r")


def _stack(arrays: Sequence[NDArray[Any]], length: int) -> torch.Tensor:
    """Zero-pad the first dimension to `length`, and stack."""
    padded = torch.zeros(len(arrays), length, *arrays[0].shape[1:], dtype=torch.from_numpy(arrays[0]).dtype)
    for row, array in zip(padded, arrays, strict=True):
        row[: len(array)] = torch.from_numpy(array)
    return padded

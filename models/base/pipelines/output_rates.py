"""A waveform at a system's rate to another one while it comes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import torch

from hiervox.models.base.pipelines.bundle import (
    find_part,
    is_checkpoint,
    load_upsampler,
    output_rate,
    parts_of,
)
from hiervox.models.base.pipelines.protocols import SuperResolution
from hiervox.processors.audio import Waveform, resample_chunks


class OutputRates:
    """The rates that a model's waveforms can be brought to.

    Args:
        folder: of the model, whose networks of task `sr` are used.
        device: where they run.
        rate: of the waveforms, Hz.
    """

    def __init__(self, folder: Path, device: torch.device, rate: int) -> None:
        self.folder, self.device, self.rate = folder, device, rate
        self._upsamplers: dict[int, SuperResolution] = {}

    def require(self, rate: int | None) -> None:
        """Make sure that the model has a rate, before anything is computed.

        Raises:
            CheckpointError: it lacks a network for it.
        """
        if rate not in (None, self.rate):
            find_part(self.folder, "sr", rate)

    @property
    def others(self) -> list[int]:
        """The rates that the model has networks for, Hz, rising."""
        if is_checkpoint(self.folder):
            return []
        rates = [output_rate(part) for part in parts_of(self.folder) if part.card.serves("sr")]
        return sorted(rate for rate in rates if rate is not None)

    def upsampler(self, rate: int) -> SuperResolution:
        """The bundle's super-resolution network for a rate in Hz.

        Raises:
            CheckpointError: the bundle has none.
        """
        if rate not in self._upsamplers:
            self._upsamplers[rate] = load_upsampler(self.folder, rate, self.device)
        return self._upsamplers[rate]

    def converted(self, chunks: Iterable[Waveform], rate: int | None) -> Iterator[Waveform]:
        """See `SpeechPipeline.at_rate`."""
        if rate is None or rate == self.rate:
            yield from chunks
            return
        upsampler = self.upsampler(rate)
        stream = upsampler.stream()
        for chunk in resample_chunks(chunks, self.rate, upsampler.input_rate):
            wide = stream.push(chunk)
            if wide.size:
                yield wide
        rest = stream.finish()
        if rest.size:
            yield rest

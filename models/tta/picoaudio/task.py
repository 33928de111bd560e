"""Training of PicoAudio."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn

from hiervox.models.base.data.batch import Batch
from hiervox.models.tta._latent.tasks import LatentDiffusionTask
from hiervox.models.tta.picoaudio.config import PicoAudioExperiment
from hiervox.models.tta.picoaudio.network import PicoAudio, event_caption
from hiervox.models.tta.picoaudio.timing import folded, parse_published, timing_matrix
from hiervox.processors.event_times import Spans


class PicoAudioTask(LatentDiffusionTask[PicoAudioExperiment]):
    """The U-Net tells the velocity of latents under their events, and sees when each is heard."""

    fields: ClassVar[frozenset[str]] = frozenset({"wav", "timing"})

    def build_networks(self) -> dict[str, nn.Module]:
        """The network."""
        return {self.main: PicoAudio(self.config.model)}

    def events(self, batch: Batch) -> list[dict[str, Spans]]:
        """Of each item.

        Raises:
            ConfigError: one that `model.events` does not name.
        """
        return [parse_published(text, self.config.model.events) for text in batch["timing"]]

    def captions(self, batch: Batch) -> list[str]:
        """The names of the events of each item."""
        return [event_caption(events) for events in self.events(batch)]

    def control(self, batch: Batch, latents: Tensor) -> Tensor | None:
        """The timing matrices (B, E, m, n)."""
        sizes, places = self.config.model, latents.shape[3]
        rate = places * self.config.mel.sample_rate / self.config.segment_samples
        matrices = [
            folded(timing_matrix(events, sizes.events, sizes.n_rows, places, rate), sizes.latent_bins)
            for events in self.events(batch)
        ]
        return torch.stack([torch.from_numpy(matrix) for matrix in matrices]).to(latents)

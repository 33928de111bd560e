"""PicoAudio for use."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from hiervox.models.tta._latent.pipeline import LatentAudioPipeline, load_networks
from hiervox.models.tta.picoaudio.config import PicoAudioExperiment
from hiervox.models.tta.picoaudio.controls import PicoAudioControls
from hiervox.models.tta.picoaudio.network import PicoAudio, event_caption
from hiervox.models.tta.picoaudio.timing import parse_timing


class PicoAudioPipeline(LatentAudioPipeline[PicoAudioControls, PicoAudio, PicoAudioExperiment]):
    """Captions such as "bell at 0.5-2.0, 3.0-4.5 and rain at 1-4" to sound."""

    def read(self, caption: str, places: int) -> tuple[str, Tensor | None]:
        """The events' names, and the timing matrix (1, E, m, places)."""
        rate = self.experiment.mel.frame_rate / self.autoencoder.sizes.multiple
        events = parse_timing(caption, self.diffusion.sizes.events, places / rate)
        control = self.diffusion.timing(events, places, rate)[None].to(self.device)
        return event_caption(events), control


def load_pipeline(folder: Path, device: str | torch.device = "cpu") -> PicoAudioPipeline:
    """Open a bundle with `autoencoder`, `diffusion` and, at will, a vocoder.

    Raises:
        CheckpointError: one is missing, broken, or of another part.
        ConfigError: the diffusion was trained on other latents.
    """
    return PicoAudioPipeline(
        *load_networks(folder, device, PicoAudio, PicoAudioExperiment), PicoAudioControls
    )

"""TransformerSVC for use."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from hiervox.models.base.pipelines.speech_pipeline import SpeechPipeline
from hiervox.models.base.pipelines.voice import Voice
from hiervox.models.svc._singing.condition import Song
from hiervox.models.svc._singing.controls import SingingControls
from hiervox.models.svc._singing.network import Noise
from hiervox.models.svc._singing.pipeline import SpectrogramConverter, build_pipeline
from hiervox.models.svc.transformer_svc.config import TransformerSVCExperiment
from hiervox.models.svc.transformer_svc.network import TransformerSVC


class TransformerSVCConverter(SpectrogramConverter[SingingControls, TransformerSVC]):
    """The spectrogram in one pass, without noise."""

    def sample(self, song: Song, voice: Voice, noise: Noise, controls: SingingControls) -> Tensor:
        """See `SingingConverter.sample`."""
        return self.network.restore(self.network.mapped(song, self.voices.styles([voice])))


def load_pipeline(folder: Path, device: str | torch.device = "cpu") -> SpeechPipeline[SingingControls]:
    """Open a checkpoint or run, or a bundle of one and a vocoder.

    Raises:
        CheckpointError: the network is missing, broken, or of another system.
    """
    return build_pipeline(
        folder, device, SingingControls, TransformerSVCConverter, TransformerSVC, TransformerSVCExperiment
    )
